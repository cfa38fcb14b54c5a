#!/usr/bin/env bash
# training.sh BUILD PYTHON TIMES: kill a training at a random moment, TIMES times; each trace must be readable,
# name the signal, and have events of its last step.
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/${1#"$PWD/"}
python=$2
times=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1
bad=0

for i in $(seq "$times"); do
	rm -rf "$work/trace" "$work/out"
	status=0
	mkfifo "$work/out"
	"$build/shapebox" run --quiet --output "$work/trace" -- "$python" tests/bench/endless.py >"$work/out" 2>"$work/err" &
	runner=$!
	read -r _ <"$work/out" || true
	sleep "0.$(printf '%03d' $((RANDOM % 400)))"
	for child in $(cat "/proc/$runner/task/$runner/children" 2>/dev/null); do
		kill -KILL "$child" || true
	done
	wait "$runner" || status=$?
	rm -f "$work/out"
	"$build/shapebox" report "$work/trace" --format json >"$work/json" 2>>"$work/err" || true
	if [ "$status" != 137 ] || ! grep -q '"signal": *9' "$work/json" || ! grep -q '"events": *[1-9][0-9]' "$work/json"; then
		printf 'round %s: status %s\n' "$i" "$status"
		cat "$work/err"
		head -c 2000 "$work/json"
		bad=$((bad + 1))
	fi
	[ $((i % 50)) != 0 ] || printf '%s of %s killed, %s wrong\n' "$i" "$times" "$bad"
done
[ "$bad" = 0 ]
