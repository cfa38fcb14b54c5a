#!/bin/sh
# manual.sh BUILD: the manual page and the completions know the same commands and options as --help does.
# bash's is asked as bash would ask it; fish's too, where there is a fish; zsh's is read as text, and parsed where there is a zsh.
set -eu
shapebox=$1/shapebox
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
wrong() { echo "$*"; bad=$((bad + 1)); }

"$shapebox" help --man >"$work/shapebox.1"
for shell in bash zsh fish; do "$shapebox" completion $shell >"$work/$shell"; done

# What --help says: a line "COMMAND --option" for each.
"$shapebox" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 8 ] || wrong "--help shows fewer than 8 commands: the check is broken"
while read -r command; do
	"$shapebox" "$command" --help | sed -n "s/^  \(-.,\)\{0,1\} *--\([a-z-]*\).*/$command --\2/p"
done <"$work/commands" | grep -v -e ' --help$' | sort >"$work/help"
[ "$(wc -l <"$work/help")" -ge 20 ] || wrong "--help shows fewer than 20 options: the check is broken"

# The manual page's, read as source: sections ".SS shapebox COMMAND ..." with tagged options below them.
sed -n -e 's/\\f[BIR]//g' -e 's/\\-/-/g' -e '/^\.SS shapebox /{s/^\.SS shapebox \([a-z]*\).*/= \1/p;d}' -e '/^\.SH ENV/q' -e 's/^\(-., \)\{0,1\}--\([a-z-]*\).*/--\2/p' \
	"$work/shapebox.1" | awk '$1 == "=" { command = $2; next } { print command, $1 }' | sort >"$work/man"
diff "$work/help" "$work/man" >"$work/difference" || { wrong "--help (<) and the manual page (>) differ:"; cat "$work/difference"; }
if command -v man >/dev/null 2>&1; then
	LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$work/shapebox.1" >"$work/page" 2>"$work/warnings" || wrong "man can't show the page"
	[ ! -s "$work/warnings" ] || { wrong "man warns:"; cat "$work/warnings"; }
fi

# bash: what it offers behind `shapebox COMMAND --`, and behind `shapebox `.
cat >"$work/ask.bash" <<'BASH'
source "$1"
compopt() { :; }
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _shapebox; }
while read -r command; do
	ask shapebox "$command" --
	for word in "${COMPREPLY[@]}"; do [ "$word" = --help ] || echo "$command $word"; done
done <"$2" | sort >"$3"
ask shapebox ''
printf '%s\n' "${COMPREPLY[@]}" | grep -v ^-
ask shapebox report --format = j
[ "${COMPREPLY[*]}" = json ] || echo "--format=j offers: ${COMPREPLY[*]}"
ask shapebox run -d ''
[ "${COMPREPLY[*]}" = "1 2 all" ] || echo "run -d offers: ${COMPREPLY[*]}"
ask shapebox run -o x -- bas
case " ${COMPREPLY[*]} " in *' bash '*) ;; *) echo "run -- bas doesn't offer bash" ;; esac
BASH
bash "$work/ask.bash" "$work/bash" "$work/commands" "$work/bash.options" >"$work/bash.commands"
diff "$work/help" "$work/bash.options" >"$work/difference" || { wrong "--help (<) and bash's completion (>) differ:"; cat "$work/difference"; }
diff "$work/commands" "$work/bash.commands" >"$work/difference" || { wrong "--help's commands (<) and bash's completion (>) differ:"; cat "$work/difference"; }

# zsh: each command's block of options.
awk '/^\t[a-z|]*\)$/ { split($1, names, /[|)]/); command = names[1]; next }
	command { line = $0; while (match(line, /--[a-z][a-z-]*(=|\[|\})/)) { word = substr(line, RSTART, RLENGTH - 1); line = substr(line, RSTART + RLENGTH)
		if (word != "--help") print command, word } }' "$work/zsh" | sort -u >"$work/zsh.options"
diff "$work/help" "$work/zsh.options" >"$work/difference" || { wrong "--help (<) and zsh's completion (>) differ:"; cat "$work/difference"; }
if command -v zsh >/dev/null 2>&1; then zsh -n "$work/zsh" || wrong "zsh can't read its completion"; fi

# fish
if command -v fish >/dev/null 2>&1; then
	while read -r command; do
		HOME=$work fish --no-config -c "source $work/fish; complete -C 'shapebox $command --'" |
			sed -n "s/^\(--[a-z-]*\).*/$command \1/p" | grep -v -e ' --help$' || true
	done <"$work/commands" | sort >"$work/fish.options"
	diff "$work/help" "$work/fish.options" >"$work/difference" || { wrong "--help (<) and fish's completion (>) differ:"; cat "$work/difference"; }
fi

"$shapebox" --version | grep -q '^shapebox [0-9.]* (' || wrong "--version doesn't begin with name and version"
"$shapebox" --version | tr '\n' ' ' | grep -q 'trace format [0-9].*report format [0-9].*bundle format [0-9].*SQLite 3.*zlib 1.*libunwind' || wrong "--version lacks the formats"
[ "$bad" = 0 ]
