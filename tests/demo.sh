#!/bin/sh
# SPDX-License-Identifier: MIT
# make demo: a simulated, erased 7970 is cabled to reflashd by a virtual cable and comes back.
#
# Everything is real but the phone and its firmware: the shipped binary, real sockets, a veth pair in
# a network namespace of its own (nothing leaves this machine). The firmware is made
# up on the spot in the vendor's formats and signed with the tests' own key.
set -eu
cd "$(dirname "$0")/.."

if [ "${1:-}" != inside ]; then
	tests/deps.sh build
	make --no-print-directory all tools
	if [ "$(id -u)" = 0 ]; then
		exec unshare -n "$0" inside
	elif unshare -rn true 2>/dev/null; then
		exec unshare -rn "$0" inside
	fi
	echo "A virtual cable needs a network namespace, which only root may make here: using sudo."
	exec sudo unshare -n "$0" inside
fi

dir=$(mktemp -d)
daemon=
trap 'kill $daemon 2>/dev/null || true; rm -rf "$dir"' EXIT INT TERM
ip link set lo up
ip link add cable0 type veth peer name phone0
ip link set cable0 up
ip link set phone0 arp off up # both ends are ours: only the phone answers at its own

cat <<EOF

A Cisco 7970 lies on the desk. Its flash is empty: it shows nothing and answers nothing.
All it still does is ask for an address, then for files. Firmware for it:

EOF
build/tools/synth --size 400000 --key tests/keys/test-g1.pem java70 SCCP70.8-3-3S "$dir/7970" >/dev/null
ls -s --block-size=1K "$dir/7970" | sed '1d; s/^/    /'
cat <<EOF

    \$ sudo reflashd -i cable0 --once $dir/7970        (☎ marks what the phone itself does)

EOF
start=$(date +%s)
# TERM=dumb: no live view, since the phone's own lines go to the same terminal.
TERM=dumb build/reflashd -i cable0 --once --timeout 60 --state-dir "$dir/state" --control none \
	--keys tests/keys/test-keys.ini "$dir/7970" &
daemon=$!
sleep 0.4
build/tools/simphone -i phone0 --model 7970 --kind erased --load SCCP70.8-3-3S --speed 60 --timeout 60 |
	sed -u 's/^ *[0-9.]* *SEP[0-9A-F]* */          ☎  /'
code=0
wait $daemon || code=$?
daemon=
if [ $code != 0 ]; then
	echo "The demo failed: reflashd ended with exit code $code." >&2
	exit 1
fi
cat <<EOF

Done in $(($(date +%s) - start)) seconds; a real phone takes some minutes, most of them with a black screen
while it writes its flash. With a real phone on eth0 it is the same one line:

    sudo build/reflashd -i eth0 FOLDER-WITH-THE-FIRMWARE

EOF
