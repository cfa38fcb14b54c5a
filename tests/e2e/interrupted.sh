#!/bin/sh
# interrupted.sh BUILD PYTHON: Ctrl-C while a trace is folded, at several moments: no half-written file, nothing lost.
set -eu
build=$(cd "$1" && pwd)
shapebox=$build/shapebox
python=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
wrong() { echo "$*"; bad=$((bad + 1)); }
cd "$work"
unset SHAPEBOX_LANG
export TERM=xterm OMP_NUM_THREADS=1

# Without `run` nobody folds: the box is left as it is.
LD_PRELOAD=$build/libshapebox.so SHAPEBOX_OUTPUT=$work/made "$python" -c '
import torch
one = torch.zeros(3)
for _ in range(150000):
    one.add(1)
'
box=$(cd made && ls ./*.box)
[ -n "$box" ] && [ -z "$(find made -name '*.db')" ] || wrong "no unfolded box: $(ls made)"
cp -R made whole
"$shapebox" report whole >whole.out || wrong "report: status $?"
events=$(sqlite3 whole/*.db 'SELECT count(*) FROM event')
[ "$events" -gt 150000 ] || wrong "$events operations"

stopped=0
for moment in 0.02 0.05 0.1 0.2 0.4 0.8; do
	rm -rf trace
	cp -R made trace
	status=0
	INTERRUPT_S=$moment "$python" "$here/terminal.py" "$shapebox" report trace >out 2>&1 || status=$?
	for file in trace/*; do
		case $file in
		trace/"${box#./}") ;;
		*.db) [ "$(sqlite3 "$file" 'SELECT count(*) FROM event')" = "$events" ] || wrong "after $moment s: $file is half written" ;;
		*) wrong "after $moment s: left behind: $file" ;;
		esac
	done
	if [ "$status" != 0 ]; then
		stopped=$((stopped + 1))
		[ -e "trace/${box#./}" ] || [ -n "$(ls trace/*.db 2>/dev/null)" ] || wrong "after $moment s: neither box nor database"
	fi
	"$shapebox" report trace >again || wrong "after $moment s: report: status $?"
	[ "$(sqlite3 trace/*.db 'SELECT count(*) FROM event')" = "$events" ] || wrong "after $moment s: operations are lost"
done
[ "$stopped" -gt 0 ] || wrong "no moment was early enough"
[ "$bad" = 0 ]
