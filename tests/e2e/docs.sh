#!/bin/sh
# docs.sh BUILD: every shapebox command and option in the code blocks of README*.md and docs/ is one that --help knows, and
# every link to a file of the repository leads to one.
set -eu
shapebox=$1/shapebox
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

for file in README*.md docs/*.md; do
	awk '/^```/ { inside = !inside; next } inside' "$file" | sed -e 's/ *# .*//' | grep -o 'shapebox [a-z][a-z]* .*\|shapebox [a-z][a-z]*$' | sed "s|^|$file |"
done >"$work/lines"
[ "$(wc -l <"$work/lines")" -ge 20 ] || { echo "fewer than 20 commands found: the check is broken"; exit 1; }
while read -r file _ command rest; do
	if ! "$shapebox" "$command" --help >"$work/help" 2>&1; then
		echo "$file: no such command: shapebox $command"
		bad=$((bad + 1))
		continue
	fi
	# behind -- stands another program's line
	for option in $(printf ' %s\n' "$rest" | sed 's/ -- .*//' | tr ' ' '\n' | grep -o '^--[a-z][a-z-]*\|^-[a-z]$'); do
		grep -q -e "^ *\(-[a-z], *\)\{0,1\}$option\( \|$\)" -e "^  $option, " "$work/help" || { echo "$file: shapebox $command has no $option"; bad=$((bad + 1)); }
	done
done <"$work/lines"

for file in README*.md ARCHITECTURE.md CONTRIBUTING.md docs/*.md; do
	for link in $(grep -o '](\([^)#:]*\)[)#]' "$file" | sed 's/^](//; s/[)#]$//'); do
		[ -e "$(dirname "$file")/$link" ] || { echo "$file: $link leads nowhere"; bad=$((bad + 1)); }
	done
done
[ "$bad" = 0 ]
