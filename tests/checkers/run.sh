#!/bin/sh
# SPDX-License-Identifier: MIT
# make checkers: everything that looks for mistakes without being a test of ours.
#   tests/checkers/run.sh [shellcheck cppcheck instructions analyzer tidy scan msan valgrind bigendian 32bit coverage]
#
# The first three take a minute and a half together and belong to make test; the others take minutes and
# are run by CI, too. One line each: ok, FAILED or SKIPPED.
# What a checker says wrongly stands in known.txt with the reason; all else fails. And each of them must
# find the mistake in canary.c: else it has looked at nothing.
set -u
cd "$(dirname "$0")/../.." || exit
B=${B:-build}/check
nice=$(nproc)
log=$(mktemp) || exit
trap 'rm -f "$log" "$log".*' EXIT
code=0
make="make --no-print-directory -s -k -j$nice -Otarget" # what two say at once stays two
flags="-std=c11 -D_GNU_SOURCE -DREFLASHD_VERSION=__FILE__ -DLIBS_LINKED -Iinclude -Itests/support
	$(pkg-config --cflags libuv inih libxml-2.0 libcrypto jansson libmnl libarchive zlib libmicrohttpd)"

verdict() {
	if [ "$2" = 0 ]; then echo "ok      $1"; else code=1; echo "FAILED  $1"; sed 's/^/        /' "$3" | tail -n 60; fi
}
# What the checker NAME wrote into $log, less what is known.
canary=tests/checkers/canary.c
judge() {
	if ! grep -q "^[^ ]*$canary:[0-9]" "$log"; then
		echo "It did not find the mistake in $canary, so it has not looked. Its last words:" >"$log.fresh"
		tail -n 5 "$log" >>"$log.fresh"
		verdict "$1" 1 "$log.fresh"
		return
	fi
	grep -v "^[^ ]*$canary:" "$log" >"$log.all"
	awk -v known=tests/checkers/known.txt -f tests/checkers/fresh.awk "$log.all" >"$log.fresh"
	verdict "$1" $? "$log.fresh"
}
have() {
	command -v "$1" >/dev/null && return
	echo "SKIPPED $1 is not installed; tests/deps.sh check installs it"
	return 1
}

check_shellcheck() {
	have shellcheck || return
	# shellcheck disable=SC2046 # names of ours, without blanks
	shellcheck -S warning $(git ls-files '*.sh') .ci/run >"$log" 2>&1
	verdict shellcheck $? "$log"
}

# A program that stops in the middle has found nothing: cppcheck must have come to its end.
check_cppcheck() {
	have cppcheck || return
	cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
		--suppress=missingIncludeSystem --template='{file}:{line}:{column}: {severity}: {message} [{id}]' \
		--template-location='' -Iinclude -Itests/support -D_GNU_SOURCE '-DREFLASHD_VERSION="0"' \
		--library=tests/checkers/cppcheck.cfg \
		src tests/unit tests/support tests/tools "$canary" >"$log" 2>&1 || { verdict cppcheck 1 "$log"; return; }
	judge cppcheck
}

# What a block, an exchange and an event take, against tests/bench/instructions.txt.
check_instructions() {
	B=${B%/check} tests/bench/instructions.sh >"$log" 2>&1
	status=$?
	grep -q '^SKIPPED instructions' "$log" || verdict instructions $status "$log"
	grep '^SKIPPED\|^Only our own\|^Less than' "$log"
}

check_analyzer() {
	have gcc || return
	rm -rf "$B/analyzer" # what is built already would not be looked at again
	$make CC=gcc B="$B/analyzer" HARDEN=-fPIE CFLAGS='-O1 -g -fanalyzer -Wno-error' all "$B/analyzer/${canary%c}o" >"$log" 2>&1 ||
		{ verdict "gcc -fanalyzer" 1 "$log"; return; }
	judge "gcc -fanalyzer"
	rm -rf "$B/analyzer"
}

check_tidy() {
	have clang-tidy || return
	export flags
	printf '%s\n' src/*/*.c "$canary" | xargs -P"$nice" -n12 \
		sh -c 'clang-tidy --quiet "$@" -- $flags >>"$0.tidy.$$" 2>&1' "$log"
	status=$?
	cat "$log".tidy.* >"$log"
	[ $status = 0 ] && ! grep -q 'Error while processing' "$log" || { verdict clang-tidy 1 "$log"; return; }
	judge clang-tidy
}

# clang-analyzer-* of clang-tidy is the same engine and would take the same minutes again: it is off
# there, and on here is what clang-tidy would have asked it for.
check_scan() {
	have scan-build || return
	rm -rf "$B/scan"
	scan-build -o "$B/scan-report" --use-cc=clang \
		-enable-checker nullability -enable-checker optin.portability.UnixAPI \
		-enable-checker security.FloatLoopCounter -enable-checker security.insecureAPI.strcpy \
		$make B="$B/scan" HARDEN=-fPIE CFLAGS='-O1 -g -Wno-error' all "$B/scan/${canary%c}o" >"$log" 2>&1 ||
		{ verdict scan-build 1 "$log"; return; }
	judge scan-build
	rm -rf "$B/scan"
}

# Bytes that a library wrote which was not built with MSan count as never written, so the unit tests
# that go through libcrypto, libxml2, libarchive, zlib, jansson or inih stay away; so do those that limit
# themselves (give, sandbox), since MSan needs terabytes of addresses.
msan_not='advice_flawless archive archive_damage board board_away breakage catalogue device_page event event_json
	firewall give history inner keys library library_damage library_odd load_text no_memory phone_config progress proof proof_none
	rehearse reload sandbox signature sim_dhcp sim_java sim_odd sim_phone sim_proof sim_voice sim_wire sim_wire_bundles synth xml'
# MSan knows fstat(), not the fstat64() that it becomes with 64-bit offsets; here both are the same.
check_msan() {
	have clang || return
	$make CC=clang B="$B/msan" HARDEN=-fPIE LDFLAGS=-fsanitize=memory \
		CFLAGS='-O1 -g -fsanitize=memory -fno-omit-frame-pointer -Wno-error -U_TIME_BITS -U_FILE_OFFSET_BITS' units >"$log" 2>&1 || { verdict "MSan, build" 1 "$log"; return; }
	ran=0
	for t in tests/unit/test_*.c; do
		name=$(basename "$t" .c)
		case " $(echo $msan_not) " in *" ${name#test_} "*) continue ;; esac
		ran=$((ran + 1))
		{ nm "$B/msan/unit/$name" | grep -q __msan_ || { echo "it was built without MSan" && false; } &&
			"$B/msan/unit/$name"; } >"$log" 2>&1 || { verdict "MSan, $name" 1 "$log"; echo "$name" >>"$log.bad"; }
	done
	[ -s "$log.bad" ] || echo "ok      MSan, $ran programs of unit tests"
}

# Scripts that wait for nothing but events: under valgrind all is twenty times slower.
check_valgrind() {
	have valgrind || return
	$make all tools >"$log" 2>&1 || { verdict "valgrind, build" 1 "$log"; return; }
	mkdir -p "$B"
	cat >"$B/reflashd-valgrind" <<-EOF
	#!/bin/sh
	exec valgrind -q --vgdb=no --suppressions=$PWD/tests/checkers/valgrind.supp --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect --track-fds=no $PWD/build/reflashd "\$@"
	EOF
	chmod +x "$B/reflashd-valgrind"
	BIN=$PWD/$B/reflashd-valgrind SLOW=5 E2E_TIMEOUT=300 tests/e2e/run.sh ${VALGRIND_E2E:-10-udhcpc 20-tftp-hpa 40-7970 42-7960 43-7912-recovery 49-reload} >"$log" 2>&1
	result=$?
	ran=$(sed -n 's/^\([0-9]*\) passed.*/\1/p' "$log")
	if [ $result != 0 ]; then
		verdict valgrind 1 "$log"
	elif [ "${ran:-0}" != 0 ]; then
		echo "ok      valgrind, $ran end-to-end tests"
	fi
	sed -n 's/^SKIPPED /SKIPPED valgrind, /p' "$log"
}

# foreign NAME ARCH: the libraries may not be to be had, that is 77.
foreign() {
	B=$B tests/checkers/foreign.sh "$2" >"$log" 2>&1
	result=$?
	case $result in
	77) tail -n 1 "$log" ;;
	0) echo "ok      $1: $(tail -n 1 "$log")" ;;
	*) verdict "$1" 1 "$log" ;;
	esac
}
check_bigendian() { foreign big-endian s390x; }
check_32bit() { foreign "32 bits" i386; }

check_coverage() {
	have gcov || return
	tests/checkers/coverage.sh >"$log" 2>&1
	result=$?
	[ $result = 0 ] && echo "ok      coverage: $(tail -n 2 "$log" | head -n 1)" || verdict coverage $result "$log"
}

[ $# -gt 0 ] || set -- shellcheck cppcheck instructions analyzer tidy scan msan valgrind bigendian 32bit coverage
for c; do
	"check_$c"
done
exit $code
