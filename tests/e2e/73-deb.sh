#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian package, in a throw-away copy of this very system (an overlay, so no network is needed):
# it installs, is not started, keeps an edited configuration over an upgrade, lets a removal keep
# state and configuration, and is purged without a trace. lintian finds no error.
. "$(dirname "$0")/lib.sh"
need make dpkg-deb dpkg-buildpackage dh unshare
[ "$(id -u)" = 0 ] || skip "dpkg wants root"
[ -z "${UNSHARED:-}" ] || skip "dpkg wants root"
case $BIN in */asan/*) skip "a package of the sanitized program is of no use" ;; esac
tree_make deb
DEB=$(grep "\.deb\$" "$T/make.log" | tail -n 1)
dpkg-deb --contents "$DEB" | awk '$1 !~ /^d/ {print $6}' | sort >"$T/list"
sort >"$T/golden" <<'END'
./etc/reflashd.conf
./lib/systemd/system/reflashd.service
./lib/systemd/system/reflashd@.service
./usr/lib/sysusers.d/reflashd.conf
./usr/sbin/reflashd
./usr/share/bash-completion/completions/reflashd
./usr/share/doc/reflashd/changelog.gz
./usr/share/doc/reflashd/copyright
./usr/share/man/man5/reflashd.conf.5.gz
./usr/share/man/man8/reflashd.8.gz
./usr/share/reflashd/keys.ini
./usr/share/reflashd/models.ini
./usr/share/zsh/vendor-completions/_reflashd
END
diff "$T/golden" "$T/list" >"$T/diff" || fail "other files than expected are packed: $(cat "$T/diff")"
if command -v lintian >/dev/null; then
	lintian --fail-on error,warning "$DEB" >"$T/lintian" 2>/dev/null || fail "lintian: $(cat "$T/lintian")"
else
	left_out "lintian is not installed: the package is not judged"
fi

# The next version, with another unit and another example of a configuration.
dpkg-deb -R "$DEB" "$T/next"
sed -i 's/^Version: .*/&.1/' "$T/next/DEBIAN/control"
echo '# newer' >>"$T/next/etc/reflashd.conf"
dpkg-deb --root-owner-group -b "$T/next" "$T/next.deb" >/dev/null
cp "$DEB" "$T/first.deb"

cat >"$T/inside.sh" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
wrong() { echo "WRONG: $*"; exit 1; }
status() { dpkg-query -W -f '${db:Status-Status}' reflashd 2>/dev/null || echo none; }
enabled() { find /etc/systemd -name 'reflashd.service*' | grep -q .; }
ours() { find /etc /usr /lib /var /run -xdev -name '*reflashd*' -not -path '/var/log/*' 2>/dev/null | sort; }
case $(status) in none | not-installed) ;; *) dpkg --purge reflashd ;; esac
rm -rf /var/lib/reflashd /etc/reflashd.conf # of somebody who tried the program here: a purge takes it, too
ours >/t/before
dpkg -D2 -i /t/first.deb >/t/out 2>&1 || wrong "not installed: $(cat /t/out)"
grep -q 'does not run yet' /t/out || wrong "no hint: $(cat /t/out)"
[ "$(reflashd version)" = "reflashd $(dpkg-query -W -f '${Version}' reflashd)" ] || wrong "$(reflashd version)"
getent passwd reflashd >/t/user || wrong "no user"
! enabled || wrong "it is enabled before it is configured"
reflashd serve --config /etc/reflashd.conf --print-config >/dev/null || wrong "its configuration"
code=0; reflashd serve --config /etc/reflashd.conf >/t/out 2>&1 || code=$?
[ $code = 1 ] && grep -q 'which' /t/out || wrong "unconfigured it ends with $code: $(cat /t/out)"
# as the administrator does it
printf '[network]\ninterface = eth9\n' >/etc/reflashd.conf
cp /etc/reflashd.conf /t/mine

SYSTEMD_OFFLINE=1 systemctl enable reflashd.service >/t/out 2>&1 || wrong "cannot be enabled: $(cat /t/out)"
enabled || wrong "not enabled"
echo 1 >/var/lib/reflashd/leases
dpkg --force-confold -i /t/next.deb >/t/out 2>&1 || wrong "no upgrade: $(cat /t/out)"
cmp /t/mine /etc/reflashd.conf || wrong "the upgrade took the configuration"
! grep -q 'does not run yet' /t/out || wrong "the hint comes at an upgrade, too"
enabled || wrong "the upgrade has disabled it"
[ -s /var/lib/reflashd/leases ] || wrong "the upgrade took the state"
dpkg -r reflashd >/t/out 2>&1 || wrong "not removed: $(cat /t/out)"
[ ! -e /usr/sbin/reflashd ] && [ -e /etc/reflashd.conf ] && [ -s /var/lib/reflashd/leases ] || wrong "what a removal leaves"
dpkg -P reflashd >/t/out 2>&1 || wrong "not purged: $(cat /t/out)"
case $(status) in none | not-installed) ;; *) wrong "dpkg knows it still" ;; esac
! getent passwd reflashd || wrong "the user stays"
! getent group reflashd || wrong "the group stays"
ours >/t/after
diff /t/before /t/after >/t/out || wrong "purged, and these stay: $(cat /t/out)"
END
cat >"$T/overlay.sh" <<'END'
set -e
mount -t tmpfs tmpfs "$1/o" || exit 77
mkdir "$1/o/up" "$1/o/work" "$1/o/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/o/up,workdir=$1/o/work" "$1/o/root" || exit 77
mkdir -p "$1/o/root/t"
mount --bind "$1" "$1/o/root/t"
mount -t proc proc "$1/o/root/proc" 2>/dev/null || :
mount --bind /dev "$1/o/root/dev" 2>/dev/null || :
chroot "$1/o/root" sh /t/inside.sh
END
mkdir "$T/o"
status=0
unshare -m sh "$T/overlay.sh" "$T" >"$T/inside.log" 2>&1 || status=$?
[ $status != 77 ] || skip "packed and judged, but not installed: no overlay can be mounted here"
[ $status = 0 ] || fail "$(cat "$T/inside.log")"
