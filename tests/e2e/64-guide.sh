#!/bin/sh
# SPDX-License-Identifier: MIT
# reflashd guide: for every model of the catalogue, its own keys, lamps and warnings.
. "$(dirname "$0")/lib.sh"

"$BIN" guide >"$T/list" || fail "guide alone does not list the models"
models=$(sed -n 's/^\[\(.*\)\]$/\1/p' "$ROOT/firmware/models.ini")
[ "$(printf '%s\n' "$models" | wc -l)" -ge 19 ] || fail "models.ini has too few models"
value() { # MODEL KEY: as models.ini has it
	awk -v m="[$1]" -v k="$2" '$0 ~ /^\[/ {on = $0 == m} on && $1 == k {sub(/^[^=]*= */, ""); print}' \
		"$ROOT/firmware/models.ini"
}
for m in $models; do
	grep -q "^  $m " "$T/list" || fail "the list lacks $m"
	"$BIN" guide "$m" >"$T/out" || fail "guide $m failed"
	awk 'length > 80 {print; bad = 1} END {exit bad}' "$T/out" || fail "guide $m: a line is wider than 80"
	tr -s ' \n' ' ' <"$T/out" >"$T/flat"
	for key in reset-how reset-lamp soft-effect hard-effect waiting-look power do-not; do
		text=$(value "$m" "$key")
		[ -z "$text" ] || grep -qF -- "$text" "$T/flat" || fail "guide $m lacks its $key"
	done
	for key in soft-keys hard-keys; do
		text=$(value "$m" "$key" | sed 's/./& /g; s/ $//')
		[ -z "$text" ] || grep -qF -- "$text" "$T/flat" || fail "guide $m lacks its $key"
	done
done
"$BIN" guide CP-7961G | grep -q 'Cisco IP Phone 7961G' || fail "a model as it stands on the phone is not known"
if "$BIN" guide 7999 2>"$T/err"; then fail "guide 7999 succeeds"; fi
grep -q '7999' "$T/err" || fail "the complaint does not name the model"
if "$BIN" guide 7970 7961 2>/dev/null; then fail "two models are taken"; fi
code=0
"$BIN" guide --models /nonexistent 7970 2>/dev/null || code=$?
[ "$code" = 2 ] || fail "a missing catalogue ends with $code, not 2"
