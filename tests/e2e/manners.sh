#!/bin/sh
# manners.sh BUILD PYTHON TRACE: long work shows a bar on a terminal and nothing elsewhere; colour, width and pipes are as asked for.
set -eu
build=$(cd "$1" && pwd)
shapebox=$build/shapebox
python=$2
trace=$(cd "$3" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
wrong() { echo "$*"; bad=$((bad + 1)); }
cd "$work"
unset SHAPEBOX_LANG NO_COLOR COLUMNS LC_ALL LANG
export TERM=xterm
escape=$(printf '\033')
terminal() { "$python" "$here/terminal.py" "$@"; }

# A page that nobody goes on reading for a while is long work.
slow="'$shapebox' page '$trace' -o - | { dd bs=1 count=1 2>/dev/null; sleep 1.5; cat; } >page.html"
terminal sh -c "$slow" >shown
grep -q 'shapebox: writing the page' shown || wrong "no line for long work: $(od -c shown | head -5)"
tail -c 5 shown | grep -q "$escape\[K" || wrong "the line of long work stays: $(tail -c 40 shown | od -c)"
grep -q '</html>' page.html || wrong "the page is cut"
sh -c "$slow" 2>shown
[ ! -s shown ] || wrong "a line for long work without a terminal: $(cat shown)"
TERM=dumb terminal sh -c "$slow" >shown
[ ! -s shown ] || wrong "a line for long work on a dumb terminal: $(cat shown)"
terminal sh -c "'$shapebox' page '$trace' -o fast.html >/dev/null" >shown
[ -s fast.html ] || wrong "no page: $(cat shown)"

# Colour on a terminal only, and not where it isn't wanted.
terminal "$shapebox" report "$trace" >shown || true
grep -q "$escape\[" shown || wrong "no colour on a terminal"
NO_COLOR=1 terminal "$shapebox" report "$trace" >shown || true
grep -q "$escape" shown && wrong "NO_COLOR=1: colour"
grep -q FAILED shown || wrong "NO_COLOR=1: no report"
"$shapebox" report "$trace" >shown || true
grep -q "$escape" shown && wrong "colour in a pipe"

# Width.
for columns in 80 100; do
	for language in en zh; do
		COLUMNS=$columns "$shapebox" report "$trace" --lang $language >shown || true
		"$python" -c '
import sys, unicodedata
most = max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line.rstrip("\n")) for line in open("shown", encoding="utf-8")
           if not line.split()[-1:] == ["json"] and "/" not in line)
sys.exit(most > int(sys.argv[1]))' $columns || wrong "COLUMNS=$columns, $language: wider lines: $(cat shown)"
	done
done

# A reader that goes away is no trouble.
"$shapebox" log "$trace" --all 2>err | head -1 >shown
[ ! -s err ] && [ -s shown ] || wrong "log into head: $(cat err)"
[ "$bad" = 0 ]
