#!/bin/sh
# seeds.sh BUILD DIR: the files that fuzzing begins with: boxes of tests/hostile/make.c, the databases that they fold to, reports. Small,
# and made anew each time: no corpus lies in the repository.
set -eu
build=$(cd "$1" && pwd)
mkdir -p "$2"
seeds=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/tests/make-hostile" "$work"
for trace in "$work"/*; do
	name=${trace##*/}
	[ "$name" != box-segments ] || continue # half a second each time
	cp "$trace/rank0-4711.box" "$seeds/$name.box"
	"$build/shapebox" report --all --format json "$trace" >"$seeds/$name.json" 2>/dev/null || true
	[ ! -f "$trace/rank0-4711.db" ] || cp "$trace/rank0-4711.db" "$seeds/$name.db"
done
