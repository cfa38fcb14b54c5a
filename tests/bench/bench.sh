#!/usr/bin/env bash
# bench.sh BUILD PYTHON [ROUNDS] [SECONDS]: time per operation and per step, bare, recorded, and under torch.profiler.
# The three take turns within a round; a ratio is taken within its round, and the median round is shown.
# Prints a table; BUILD/bench.json has every number.
set -eu
cd "$(dirname "$0")/../.."
build=$1
python=$2
rounds=${3:-5}
seconds=${4:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1

median() { sort -g | awk '{ v[NR] = $1 } END { if (NR == 0) exit 1; print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ratios() { paste "$1" "$2" | awk '{ printf "%.4f\n", $2 / $1 }'; }
list() { paste -s -d, "$1"; }

printf '%-12s %-10s %12s %8s\n' workload under median ratio
json=
for load in elementwise encoder; do
	unit="us per operation"
	[ $load = encoder ] && unit="us per step"
	for round in $(seq "$rounds"); do
		"$python" tests/bench/loop.py $load "$seconds" >>"$work/$load.bare"
		"$build/shapebox" run --quiet --output "$work/trace" -- "$python" tests/bench/loop.py $load "$seconds" >>"$work/$load.shapebox"
		rm -rf "$work/trace"
		"$python" tests/bench/loop.py $load "$seconds" profiler >>"$work/$load.profiler" 2>/dev/null
	done
	for under in bare shapebox profiler; do
		time=$(median <"$work/$load.$under")
		ratio=$(ratios "$work/$load.bare" "$work/$load.$under" | median)
		printf '%-12s %-10s %12.3f %8.3f   %s\n' $load $under "$time" "$ratio" "$unit"
		json="$json${json:+,}
  {\"workload\": \"$load\", \"under\": \"$under\", \"unit\": \"$unit\", \"median\": $time, \"ratio\": $ratio, \"rounds\": [$(list "$work/$load.$under")]}"
	done
done
printf '[%s\n]\n' "$json" >"$build/bench.json"
printf 'all numbers: %s\n' "$build/bench.json"
