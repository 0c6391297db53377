#!/bin/sh
# SPDX-License-Identifier: MIT
# make install puts exactly these files there, make uninstall takes exactly them away; an edited
# configuration survives both, and that is said. What is installed works.
. "$(dirname "$0")/lib.sh"
need make
in_tree() { tree_make DESTDIR="$T/root" "$@"; }
list() { (cd "$T/root" && find . -type f -printf '%m %p\n' | sort -k 2); }

cat >"$T/golden" <<'END'
644 ./etc/reflashd.conf
755 ./usr/local/sbin/reflashd
644 ./usr/local/lib/systemd/system/reflashd.service
644 ./usr/local/lib/systemd/system/reflashd@.service
644 ./usr/local/lib/sysusers.d/reflashd.conf
644 ./usr/local/share/bash-completion/completions/reflashd
644 ./usr/local/share/man/man5/reflashd.conf.5
644 ./usr/local/share/man/man8/reflashd.8
644 ./usr/local/share/reflashd/keys.ini
644 ./usr/local/share/reflashd/models.ini
644 ./usr/local/share/zsh/site-functions/_reflashd
END
sort -k 2 -o "$T/golden" "$T/golden"
in_tree install
list >"$T/list"
diff "$T/golden" "$T/list" >"$T/diff" || fail "other files than expected are installed: $(cat "$T/diff")"
grep -q '^ExecStart=/usr/local/sbin/reflashd ' "$T/root/usr/local/lib/systemd/system/reflashd.service" ||
	fail "the unit starts something else"
"$T/root/usr/local/sbin/reflashd" version >"$T/out" || fail "the installed program does not run"
"$T/root/usr/local/sbin/reflashd" serve --config "$T/root/etc/reflashd.conf" --print-config >"$T/out" ||
	fail "the installed configuration is refused"
if command -v systemd-analyze >/dev/null; then
	systemd-analyze security --offline=true --threshold=25 "$ROOT/conf/reflashd.service" >"$T/out" 2>&1 ||
		fail "the unit is too open: $(tail -n 1 "$T/out")"
	grep -q 'OK' "$T/out" || fail "systemd-analyze does not say OK: $(tail -n 1 "$T/out")"
	sed 's#^ExecStart=/usr/sbin/reflashd#ExecStart='"$BIN#" "$ROOT/conf/reflashd.service" >"$T/reflashd.service"
	systemd-analyze verify --man=no "$T/reflashd.service" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
	! grep reflashd.service "$T/out" || fail "systemd finds fault with the unit: $(cat "$T/out")"
	sed "s#^ExecStart=[^ ]*#ExecStart=$BIN#" "$T/root/usr/local/lib/systemd/system/reflashd@.service" >"$T/reflashd@.service"
	systemd-analyze verify --man=no "$T/reflashd@eth1.10.service" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
	! grep reflashd@ "$T/out" || fail "systemd finds fault with the unit of an interface: $(cat "$T/out")"
else
	left_out "systemd-analyze is not installed: the unit is not judged"
fi

# Nothing was edited: nothing stays.
in_tree uninstall
list >"$T/list"
[ ! -s "$T/list" ] || fail "uninstall leaves: $(cat "$T/list")"

# Edited: it stays as it is, over an install and an uninstall, and that is said.
in_tree install
echo '# mine' >>"$T/root/etc/reflashd.conf"
cp "$T/root/etc/reflashd.conf" "$T/mine"
in_tree install
grep -q 'stays as it is' "$T/make.log" || fail "no word of the edited configuration"
cmp "$T/mine" "$T/root/etc/reflashd.conf" || fail "the edited configuration was overwritten"
in_tree uninstall
grep -q 'was edited and stays' "$T/make.log" || fail "no word of the edited configuration: $(cat "$T/make.log")"
cmp "$T/mine" "$T/root/etc/reflashd.conf" || fail "the edited configuration is gone"
[ "$(list)" = "644 ./etc/reflashd.conf" ] || fail "uninstall leaves: $(list)"

# Other places.
rm -rf "$T/root"
in_tree install PREFIX=/opt/r UNITDIR=/lib/u CONFDIR=/opt/etc
for file in opt/r/sbin/reflashd lib/u/reflashd.service opt/etc/reflashd.conf; do
	[ -f "$T/root/$file" ] || fail "PREFIX, UNITDIR and CONFDIR are not followed: $(list)"
done
grep -q '^ExecStart=/opt/r/sbin/reflashd serve --config /opt/etc/reflashd.conf' "$T/root/lib/u/reflashd.service" ||
	fail "the unit does not know the other places"
