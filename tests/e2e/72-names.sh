#!/bin/sh
# SPDX-License-Identifier: MIT
# Manual, help texts, completions, configuration example and the shared list of exit codes name the
# same commands and options; the manual is well formed; the bash completion completes.
. "$(dirname "$0")/lib.sh"
need make
tree_make docs
D=${BIN%/*}/docs
same() { # WHAT FILE FILE
	diff "$2" "$3" >"$T/diff" || fail "$1 differ: $(cat "$T/diff")"
}

# Commands.
"$BIN" help | sed -n 's/^  \([a-z]\{2,\}\) *.*/\1/p' | sort >"$T/commands"
[ "$(wc -l <"$T/commands")" -ge 15 ] || fail "help names few commands: $(cat "$T/commands")"
sed -n '/^\.Sh COMMANDS/,/^\.Sh OPTIONS/s/^\.It Cm \([a-z]*\).*/\1/p' "$D/reflashd.8" | sort >"$T/man"
same "the commands of help and manual" "$T/commands" "$T/man"
bash -c '. "$1"; _reflashd_commands' - "$D/completion.bash" | sort >"$T/bash"
same "the commands of help and bash completion" "$T/commands" "$T/bash"
sed -n "/^_reflashd_commands=/,/^)/s/^	'\([a-z]*\):.*/\1/p" "$D/completion.zsh" | sort >"$T/zsh"
same "the commands of help and zsh completion" "$T/commands" "$T/zsh"

# Options, command by command: help, completions, and (serve) the manual's list and the example.
flags() { grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort; }
while read -r command; do
	"$BIN" help "$command" >"$T/text"
	! grep -nE '.{81}| $' "$T/text" || fail "help $command: wider than a terminal, or a blank at the end"
	flags <"$T/text" >"$T/help"
	bash -c '. "$1"; _reflashd_options "$2"' - "$D/completion.bash" "$command" | tr ' ' '\n' |
		grep -e '^--' | sort >"$T/bash"
	case $command in xmldefault) "$BIN" help serve | flags >"$T/help" ;; esac
	same "the options of $command in help and bash completion" "$T/help" "$T/bash"
	sed -n "/^	($command) specs/,/^	) ;;/s/.*'\*\(--[a-z-]*\)[=[].*/\1/p" "$D/completion.zsh" | sort >"$T/zsh"
	same "the options of $command in help and zsh completion" "$T/help" "$T/zsh"
	case $command in
	serve)
		[ "$(wc -l <"$T/help")" -ge 25 ] || fail "help serve names few options"
		sed -n '/^\.Sh OPTIONS/,/^\.Sh AS/s/^\.It .*Fl \\-\([a-z-]*\).*/--\1/p' "$D/reflashd.8" | sort >"$T/man"
		same "the options of serve in help and manual" "$T/help" "$T/man"
		;;
	xmldefault) ;;
	*)
		# The manual says once that each has --help.
		sed -n "/^\.It Cm $command\( \|$\)/,/^\.\(It Cm\|Sh\)/s/^\.It / /p" "$D/reflashd.8" | sed 's/\\-/-/g' | flags >"$T/man"
		grep -vx -e --help "$T/help" >"$T/own" || :
		same "the options of $command in help and manual" "$T/own" "$T/man"
		;;
	esac
done <"$T/commands"
"$BIN" serve --print-config | grep -oE '^;?[a-z-]+ =' | tr -d '; =' | sort -u >"$T/held"
sed -n 's/^;\([a-z-]*\) = .*/\1/p' "$ROOT/conf/reflashd.conf" | sort >"$T/example"
sed -n 's/^\.It Ic \([a-z-]*\) No = .*/\1/p' "$D/reflashd.conf.5" | sort >"$T/man"
same "the keys of the example and of reflashd.conf(5)" "$T/example" "$T/man"
same "the keys of the example and of --print-config" "$T/example" "$T/held"

# The manual renders, with nothing left of its tables' signs.
! grep -n '^@' "$D"/* || fail "a table was not put in"
if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$D/reflashd.8" "$D/reflashd.conf.5" >"$T/lint" || fail "$(cat "$T/lint")"
	mandoc -T ascii "$D/reflashd.8" >"$T/text"
	for page in reflashd.8 reflashd.conf.5; do # on a terminal of 80 columns
		! mandoc -T ascii -O width=78 "$D/$page" | sed 's/.\x08//g' | grep -E '^.{80}' || fail "$page is too wide"
	done
	! grep -n '[^e]BSD\|AT&T' "$T/text" || fail "mdoc took a word for its own"
else
	left_out "mandoc is not installed: the manual is not linted"
fi

# The bash completion at work: WORDS..., the last is being typed; prints what it offers.
cat >"$T/complete.bash" <<'END'
. "$1"; shift
COMP_WORDS=(reflashd "$@"); COMP_CWORD=$#; COMPREPLY=()
_reflashd; echo "${COMPREPLY[*]}"
END
offers() { # EXPECTED WORD...
	want=$1
	shift
	got=$(cd "$T/here" && bash "$T/complete.bash" "$D/completion.bash" "$@")
	[ "$got" = "$want" ] || fail "completing '$*': '$got', not '$want'"
}
mkdir -p "$T/here/firmware"
: >"$T/here/a.ini"
offers "check" che
offers "rehearse replay" re
offers "firmware" fir
offers "--timeout" --time
offers "--timeout" serve --time
offers "--json" check --js
offers "" check --time
offers "auto always never" serve --color ""
offers "phones" --clients ph
offers "phones" serve --clients = ph
offers "lo" -i lo
offers "" serve --user lo
offers "firmware" serve --state-dir f
offers "a.ini" --keys a
offers "7970 7971 7975" guide 797
offers "7911 7912" plan 791
offers "firmware" plan 7970 f
offers "rehearse replay" help re
offers "" status f
offers "" --timeout ""
if command -v zsh >/dev/null; then
	zsh -n "$D/completion.zsh" || fail "zsh does not understand its completion"
else
	left_out "zsh is not installed: its completion is not parsed"
fi

# Exit codes: the manual has each.
for code in 0 1 2 3 4 5 6; do
	grep -qx ".It $code" "$D/reflashd.8" || fail "exit status $code is not in the manual"
done
