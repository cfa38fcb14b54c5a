#!/bin/sh
# screen.sh compare|update README SCREEN: the demo's screen in README.md, between its two markers.
# `compare` masks what differs from run to run: folders, times, process numbers, versions, lines of libraries.
set -eu
readme=$2
screen=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
begin='<!-- demo: begin -->'
end='<!-- demo: end -->'
root=$(cd "$(dirname "$0")/../.." && pwd)

grep -q -x -F -e "$begin" "$readme" && grep -q -x -F -e "$end" "$readme" || { echo "$readme has no markers for the screen"; exit 1; }
[ -s "$screen" ] || { echo "$screen is empty"; exit 1; }

plain() { sed -e "s|$root/||g" -e 's| *$||'; }
# Lines are joined first, one word a line in the end: where a line is broken depends on the folder's name.
mask() {
	tr -s ' \n' ' ' | sed -e 's|/[^ :]*/||g' -e 's/\(modeling_[a-z0-9_]*\.py\):[0-9]*/\1:LINE/g' \
		-e 's/[0-9][0-9]*\.[0-9][0-9]* *\(ms\|s\|us\)\b/TIME/g' -e 's/\b[0-9][0-9]* *\(ms\|s\|min\|h\)\b/TIME/g' \
		-e 's/[0-9]\{4\}-[0-9][0-9]-[0-9][0-9][T ]*[0-9:]*/DATE/g' -e 's/\b[0-9][0-9]:[0-9][0-9]\(:[0-9][0-9]\)*/TIME/g' \
		-e 's/\bpid [0-9][0-9]*/pid PID/g' -e 's/\([a-z0-9]\)-[0-9][0-9]*\.\(db\|box\)/\1-PID.\2/g' \
		-e 's/[0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*\(+[a-z0-9]*\)*/VERSION/g' \
		-e 's/\b[0-9][0-9,]* events/N events/g' -e 's/event [0-9][0-9]*/event N/g' \
		-e 's/--*/-/g' | tr ' ' '\n'
}

case $1 in
compare)
	awk -v b="$begin" -v e="$end" '$0 == e { on = 0 } on && $0 !~ /^```/ { print } $0 == b { on = 1 }' "$readme" |
		mask >"$work/there"
	plain <"$screen" | mask >"$work/now"
	if ! diff "$work/there" "$work/now" >"$work/difference"; then
		echo "$readme shows another screen than the demo (< README, > now); ./build.sh screen renews it:"
		cat "$work/difference"
		exit 1
	fi
	;;
update)
	plain <"$screen" >"$work/screen"
	awk -v b="$begin" -v e="$end" -v f="$work/screen" '
		$0 == e { on = 0 }
		!on { print }
		$0 == b { on = 1; print "```"; while ((getline line < f) > 0) print line; print "```" }' "$readme" >"$work/readme"
	cat "$work/readme" >"$readme"
	;;
*) echo "usage: screen.sh compare|update README SCREEN" >&2; exit 2 ;;
esac
