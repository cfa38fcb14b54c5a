#!/bin/sh
# usage.sh BUILD: what was typed wrongly, and what is no trace: one clear line that names it, the right status,
# nothing started, nothing overwritten.
set -eu
case $1 in /*) shapebox=$1/shapebox ;; *) shapebox=$PWD/$1/shapebox ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bad=0

# expect STATUS TEXT ARGUMENTS...: the command ends with STATUS, prints nothing on standard output, and one line with TEXT.
expect() {
	want=$1
	text=$2
	shift 2
	status=0
	"$shapebox" "$@" >out 2>err || status=$?
	if [ "$status" != "$want" ] || [ -s out ] || ! grep -q -F -e "$text" err || [ "$(wc -l <err)" -gt 2 ]; then
		printf 'shapebox %s: status %s (expected %s), expected to name: %s\n' "$*" "$status" "$want" "$text"
		cat out err
		bad=$((bad + 1))
	fi
}

expect 2 frobnicate frobnicate
expect 2 --frob run --frob -- touch started
expect 2 --depth run --depth 7 -- touch started
expect 2 --size run --size huge -- touch started
expect 2 --keep run --keep some -- touch started
expect 2 run run
expect 2 run run --
[ ! -e started ] || { echo "a program was started in spite of a wrong option"; bad=$((bad + 1)); }
expect 127 no-such-program run -q -o t -- no-such-program-here
echo text >plain
expect 126 plain run -q -o t -- ./plain

expect 2 nowhere report nowhere
mkdir empty
expect 2 empty report empty
expect 2 plain report plain
expect 2 --format report --format xml empty
mkdir damaged
head -c 20000 /dev/urandom >damaged/rank0-1.db
expect 2 rank0-1.db report damaged
mkdir newer
sqlite3 newer/rank0-1.db 'PRAGMA application_id = 0x73686278; PRAGMA user_version = 9999; CREATE TABLE process (pid)'
expect 2 rank0-1.db report newer
mkdir other
sqlite3 other/rank0-1.db 'CREATE TABLE recipes (name)'
expect 2 rank0-1.db report other

# A directory that is there is left as it is.
mkdir taken
echo mine >taken/keep
status=0
"$shapebox" run --quiet --output taken -- /bin/echo ran >out 2>err || status=$?
if [ "$status" != 0 ] || [ "$(cat out)" != ran ] || [ "$(cat taken/keep)" != mine ] || [ "$(ls taken)" != keep ]; then
	echo "run into a directory that exists: status $status"
	cat out err
	ls taken
	bad=$((bad + 1))
fi

# Exit status and signals are the child's own.
for status_wanted in 0 1 3 77; do
	status=0
	"$shapebox" run --quiet --output "s$status_wanted" -- sh -c "exit $status_wanted" >out 2>err || status=$?
	[ "$status" = "$status_wanted" ] || { echo "exit $status_wanted became $status"; bad=$((bad + 1)); }
done
status=0
"$shapebox" run --quiet --output killed -- sh -c 'kill -TERM $$' >out 2>err || status=$?
[ "$status" = 143 ] || { echo "SIGTERM became $status"; bad=$((bad + 1)); }

[ "$bad" = 0 ]
