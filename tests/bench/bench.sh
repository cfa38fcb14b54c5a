#!/usr/bin/env bash
# bench.sh BUILD PYTHON [SECTION...]: what recording costs, beside PyTorch's own tools. `./build.sh bench` calls it.
#   steps         training steps alone, recorded, and under other tools: ratios within a round, their median and spread
#   start         import torch, processes without torch, from the exception to the prompt
#   disk          bytes an operation takes on disk, eight processes at once
#   lasting       box and memory after 500 and after 5,000 steps of varying lengths
#   viewer        fold, report and log on a long trace
#   failed        the same on long traces whose last operation failed; more than 1 s (cpu) or 300 MB for a report is a failure
#   cuda          what recording a launch or an allocation adds to the call, in a tight loop on tests/fake
#   ranks         diff on traces of many ranks, one of which differs at a random place
#   instructions  instructions an operation takes, by callgrind: the same at every run, however busy the machine is
#   check         the same, held against tests/bench/instructions.txt: more than 5 % above it is a failure
# Without a section: steps, start, disk, viewer, cuda. Prints tables; BUILD/bench.json has every number.
# BENCH_RANKS (1024) and BENCH_RANK_EVENTS (200000), for `ranks`: 10 GB of disk below TMPDIR.
# BENCH_WORKLOADS (all; for `steps`), BENCH_ROUNDS (5), BENCH_SECONDS (0.6 per measurement: all of it in less than 15 minutes), BENCH_EVENTS (10000000, for `viewer` and `failed`) change the size of it.
set -eu
cd "$(dirname "$0")/../.."
build=$(cd "$1" && pwd)
python=$2
shift 2
rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-0.6}
loads=${BENCH_WORKLOADS:-elementwise encoder qwen lengths dense loader}
events=${BENCH_EVENTS:-10000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 BENCH_FLOOR=$work/floor.so PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
workloads=tests/bench/workloads.py
json=$work/json
: >"$json"

gcc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared tests/bench/floor.c -o "$work/floor.so" -ldl
gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror tests/bench/spent.c -o "$work/spent"

# --- numbers ---------------------------------------------------------------------------------

spread() { sort -g | awk '{ v[NR] = $1 } END { if (!NR) exit 1; print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2), v[1], v[NR] }'; }
median() { spread | cut -d ' ' -f 1; }
divide() { awk -v a="$1" -v b="$2" "BEGIN { printf \"%.${3:-3}f\", b ? a / b : 0 }"; }

note() { # SECTION WHAT VALUE UNIT: a row of a table, and of bench.json
	printf '%-56s %14s %s\n' "$2" "$3" "$4"
	printf '{"section": "%s", "what": "%s", "value": %s, "unit": "%s"}\n' "$1" "$2" "$3" "$4" >>"$json"
}

record() { # NAME [OPTIONS...] -- COMMAND...: under shapebox, the trace in $work/NAME
	local name=$1
	shift
	rm -rf "${work:?}/$name"
	"$build/shapebox" run --quiet --output "$work/$name" "$@"
}

# --- sections --------------------------------------------------------------------------------

steps_round() { # WORKLOAD UNDERS: one process alone and under other tools, one recorded; files $work/WORKLOAD.UNDER.cpu
	local load=$1 unders=$2 under cpu wall
	"$python" $workloads "$load" "$seconds" "$unders" >"$work/out" 2>/dev/null
	record steps -- "$python" $workloads "$load" "$seconds" 2>/dev/null | sed 's/^alone/shapebox/; s/^resident/resident-shapebox/' >>"$work/out"
	while read -r under cpu wall; do
		printf '%s\n' "$cpu" >>"$work/$load.$under.cpu"
		[ -z "$wall" ] || printf '%s\n' "$wall" >>"$work/$load.$under.wall"
	done <"$work/out"
}

section_steps() {
	local load unders under round middle low high
	printf '%-12s %-15s %12s %8s %15s %8s\n' workload under "us (cpu)" ratio "(spread)" wall
	for load in $loads; do
		case $load in
		elementwise | encoder) unders=alone,floor,floor-outputs,profiler,profiler-stack,observer,dispatch-mode,debug-mode ;;
		loader) unders=alone ;; # (its workers are processes of their own)
		*) unders=alone,profiler ;;
		esac
		for round in $(seq "$rounds"); do
			steps_round $load $unders
		done
		for under in ${unders//,/ } shapebox; do
			read -r middle low high < <(paste "$work/$load.alone.cpu" "$work/$load.$under.cpu" | awk '{ printf "%.4f\n", $2 / $1 }' | spread)
			wall=$(paste "$work/$load.alone.wall" "$work/$load.$under.wall" | awk '{ printf "%.4f\n", $2 / $1 }' | median)
			printf '%-12s %-15s %12.3f %8.3f %15s %8.3f\n' $load "$under" "$(median <"$work/$load.$under.cpu")" "$middle" "$(printf '%.2f - %.2f' "$low" "$high")" "$wall"
			printf '{"section": "steps", "workload": "%s", "under": "%s", "cpu_us": [%s], "ratio": %s, "ratio_wall": %s}\n' $load "$under" \
				"$(paste -s -d, "$work/$load.$under.cpu")" "$middle" "$wall" >>"$json"
		done
		note steps "$load: resident memory added" "$(awk -v a="$(median <"$work/$load.resident.cpu")" -v b="$(median <"$work/$load.resident-shapebox.cpu")" 'BEGIN { print b - a }')" KiB
	done
	for load in elementwise encoder; do
		[ -e "$work/$load.profiler.cpu" ] || continue
		note steps "$load: added time against torch.profiler's" "$(awk -v a="$(median <"$work/$load.alone.cpu")" -v s="$(median <"$work/$load.shapebox.cpu")" \
			-v p="$(median <"$work/$load.profiler.cpu")" 'BEGIN { printf "%.3f", (s - a) / (p - a) }')" ""
	done
	[ ! -e "$work/elementwise.alone.cpu" ] || note steps "elementwise: added above the empty callback" "$(awk -v f="$(median <"$work/elementwise.floor-outputs.cpu")" -v s="$(median <"$work/elementwise.shapebox.cpu")" \
		'BEGIN { printf "%.1f", (s - f) * 1000 }')" "ns per operation"
}

spent() { "$work/spent" "$@"; }
first() { cut -d ' ' -f 1; }
second() { cut -d ' ' -f 2; }

both() { # TIMES COMMAND...: "bare recorded", processor seconds
	local times=$1 bare traced
	shift
	bare=$(spent "$times" env BENCH=1 "$@" | second)
	traced=$(spent "$times" env SHAPEBOX_OUTPUT="$work/both" LD_PRELOAD="$build/libshapebox.so" "$@" | second)
	rm -rf "$work/both"
	echo "$bare $traced"
}

section_start() {
	local bare traced raised
	read -r bare traced < <(both $((rounds * 2)) "$python" -c "import torch")
	note start "import torch: ratio" "$(divide "$traced" "$bare")" ""
	read -r bare traced < <(both 101 /bin/true)
	note start "/bin/true: added" "$(awk -v a="$bare" -v b="$traced" 'BEGIN { printf "%.3f", (b - a) * 1000 }')" ms
	read -r bare traced < <(both 21 "$python" -c pass)
	note start "python -c pass: added" "$(awk -v a="$bare" -v b="$traced" 'BEGIN { printf "%.3f", (b - a) * 1000 }')" ms
	for under in bare recorded; do
		: >"$work/ended"
		for _ in $(seq "$rounds"); do
			if [ $under = bare ]; then
				"$python" tests/bench/raises.py "$work/raised" >/dev/null 2>&1 || true
			else
				record raising -- "$python" tests/bench/raises.py "$work/raised" >/dev/null 2>&1 || true
			fi
			raised=$(cat "$work/raised")
			awk -v a="$raised" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.3f\n", b - a }' >>"$work/ended"
		done
		note start "from the exception to the prompt, $under" "$(median <"$work/ended")" s
	done
}

size_of() { du -sbc "$@" 2>/dev/null | awk 'END { print $1 }'; }
count_events() { sqlite3 "$1" 'SELECT events FROM process'; }

record_boxes() { # DIRECTORY KEEP WORKLOAD STEPS: recorded, and its box not folded yet
	rm -rf "$1"
	LD_PRELOAD=$build/libshapebox.so SHAPEBOX_OUTPUT=$1 SHAPEBOX_KEEP=$2 SHAPEBOX_RUN=1 "$python" $workloads "$3" "=$4" >/dev/null 2>&1
}

# In KEEP mode, what a process writes while it runs and what a trace is afterwards; of one that runs 10,000 operations a second for an hour.
disk_of() { # WORKLOAD STEPS KEEP
	local load=$1 boxes base count
	record_boxes "$work/disk" "$3" "$load" "$2"
	boxes=$(size_of "$work"/disk/*.box*)
	"$build/shapebox" report "$work/disk" >/dev/null
	base=$(find "$work/disk" -name '*.db' | head -n 1)
	count=$(count_events "$base")
	if [ "$3" = ring ]; then
		note disk "$load, ring: while it runs" "$(divide "$boxes" 1000000 1)" MB
		note disk "$load, ring: trace of $count operations" "$(divide "$(size_of "$base")" 1000000 1)" MB
		return
	fi
	note disk "$load, --keep all: box bytes per operation ($count)" "$(divide "$boxes" "$count" 1)" bytes
	note disk "$load, --keep all: while it runs, an hour" "$(divide "$((boxes * 36 / 1000))" "$count" 2)" GB
	note disk "$load, --keep all: database bytes per operation" "$(divide "$(size_of "$base")" "$count" 1)" bytes
	note disk "$load, --keep all: trace of an hour" "$(divide "$(($(size_of "$base") * 36 / 1000))" "$count" 2)" GB
}

section_disk() {
	local steps=2000 load under
	for load in encoder lengths; do
		disk_of $load $steps ring
		disk_of $load $steps all
	done
	"$python" - "$work/observer.json" <<'PY'
import sys, torch
observer = torch.profiler.ExecutionTraceObserver()
observer.register_callback(sys.argv[1])
observer.start()
x = torch.ones(8)
for _ in range(10000):
    x = x + 1
observer.stop()
observer.unregister_callback()
PY
	note disk "ExecutionTraceObserver: bytes per operation" "$(divide "$(size_of "$work/observer.json")" 10000 1)" bytes
	"$python" - "$work/profiler.json" <<'PY'
import sys, torch
x = torch.ones(8)
with torch.profiler.profile(record_shapes=True) as profiler:
    for _ in range(10000):
        x = x + 1
profiler.export_chrome_trace(sys.argv[1])
PY
	note disk "torch.profiler: bytes per operation" "$(divide "$(size_of "$work/profiler.json")" 10000 1)" bytes
	for under in bare recorded; do
		: >"$work/eight"
		for n in 1 2 3 4 5 6 7 8; do
			if [ $under = bare ]; then
				"$python" $workloads encoder "$seconds" >>"$work/eight" 2>/dev/null &
			else
				record "eight.$n" -- "$python" $workloads encoder "$seconds" >>"$work/eight" 2>/dev/null &
			fi
		done
		wait
		note disk "eight processes at once, $under" "$(awk '$1 == "alone" { print $2 }' "$work/eight" | median)" "us per step (cpu)"
		rm -rf "$work"/eight.*
	done
}

section_lasting() {
	local mark kib first=""
	rm -rf "$work/lasting"
	LD_PRELOAD=$build/libshapebox.so SHAPEBOX_OUTPUT=$work/lasting SHAPEBOX_RUN=1 "$python" $workloads lengths =500,5000 2>/dev/null >"$work/marks"
	while read -r _ mark kib; do
		note lasting "lengths: resident after $mark steps" "$kib" KiB
		first=${first:-$kib}
	done <"$work/marks"
	note lasting "lengths: box after $mark steps (--size)" "$(size_of "$work"/lasting/*.box*)" bytes
	rm -rf "$work/lasting"
	if [ "$kib" -gt $((first + first / 50)) ]; then
		echo "bench.sh: lengths: resident memory grew from $first to $kib KiB" >&2
		return 1
	fi
}

fold_of() { # WORKLOAD UNITS: its box folded, $rounds times
	local cpu most count base
	record_boxes "$work/boxes" all "$1" "$2"
	: >"$work/folds"
	for _ in $(seq "$rounds"); do
		rm -rf "$work/viewer"
		cp -r "$work/boxes" "$work/viewer"
		spent 1 "$build/shapebox" report "$work/viewer" >>"$work/folds"
	done
	base=$(find "$work/viewer" -name '*.db' | head -n 1)
	count=$(count_events "$base")
	cpu=$(cut -d ' ' -f 2 "$work/folds" | median)
	most=$(cut -d ' ' -f 3 "$work/folds" | median)
	note viewer "fold of $1 ($count events)" "$(divide "$count" "$cpu" 0)" "events per second (cpu)"
	note viewer "  resident memory" "$most" KiB
	note viewer "  database bytes per operation" "$(divide "$(size_of "$base")" "$count" 1)" bytes
	rm -rf "$work/boxes"
}

section_viewer() {
	local wall cpu most
	fold_of lengths 1000
	fold_of fresh 512
	fold_of elementwise "$events"
	for command in report "log --last 20"; do
		# shellcheck disable=SC2086
		read -r wall cpu most < <(spent 1 "$build/shapebox" ${command%% *} $([ "$command" = report ] || echo ${command#* }) "$work/viewer")
		note viewer "$command" "$wall" s
		note viewer "$command: resident memory" "$most" KiB
	done
	rm -rf "$work/viewer"
}

section_failed() { # after the fold, which `log` makes it do
	local load count base wall cpu most command status=0
	for load in near far lengths; do
		count=$events
		[ $load != lengths ] || count=$((events / 5))
		rm -rf "$work/failed"
		LD_PRELOAD=$build/libshapebox.so SHAPEBOX_OUTPUT=$work/failed SHAPEBOX_KEEP=all SHAPEBOX_RUN=1 "$python" tests/bench/fails.py $load "$count" >/dev/null 2>&1 || true
		read -r wall cpu most < <(spent 1 "$build/shapebox" log "$work/failed" --last 1)
		base=$(find "$work/failed" -name '*.db' | head -n 1)
		note failed "$load: operations" "$(count_events "$base")" ""
		note failed "  fold" "$(divide "$(count_events "$base")" "$cpu" 0)" "events per second (cpu)"
		note failed "  fold: resident memory" "$most" KiB
		note failed "  database bytes per operation" "$(divide "$(size_of "$base")" "$(count_events "$base")" 1)" bytes
		for command in report page "log --failed"; do
			# shellcheck disable=SC2086
			read -r wall cpu most < <(cd "$work" && spent 3 "$build/shapebox" $command failed)
			note failed "  $command" "$wall" s
			note failed "  $command: resident memory" "$most" KiB
			[ "$command" != report ] || [ "$(awk -v s="$cpu" -v k="$most" 'BEGIN { print s <= 1 && k <= 300 * 1024 }')" = 1 ] || status=1
		done
		rm -rf "$work/failed"
	done
	[ $status = 0 ] || echo "bench.sh: a report on a long trace took more than 1 s or 300 MB" >&2
	return $status
}

section_ranks() { # each trace is the half of the one before: what a rank costs is their difference
	local ranks=${BENCH_RANKS:-1024} operations=${BENCH_RANK_EVENTS:-200000} odd step place wall cpu most before=0 before_cpu=0 found count
	make -s BUILD="$build" "$build/tests/make-ranks"
	read -r odd step place < <("$build/tests/make-ranks" "$work/ranks" "$ranks" "$operations" "${BENCH_SEED:-$RANDOM}")
	mkdir "$work/fewer"
	for count in $((ranks / 4)) $((ranks / 2)) "$ranks"; do
		for number in $(seq "$before" $((count - 1))); do
			[ -e "$work/fewer/rank$number-5000.db" ] || ln "$work/ranks/rank$number-5000.db" "$work/fewer/"
		done
		[ -e "$work/fewer/rank$odd-5000.db" ] || ln "$work/ranks/rank$odd-5000.db" "$work/fewer/" # the odd one is always there
		"$build/shapebox" diff "$work/fewer" --format json >/dev/null || true # files in the page cache
		read -r wall cpu most < <(spent 1 "$build/shapebox" diff "$work/fewer")
		note ranks "diff, $count ranks of $operations operations" "$wall" s
		note ranks "  resident memory" "$most" KiB
		[ "$before" = 0 ] || note ranks "  each rank more" "$(awk -v a="$before_cpu" -v b="$cpu" -v n=$((count - before)) 'BEGIN { printf "%.3f", (b - a) / n * 1000 }')" "ms (cpu)"
		before=$count before_cpu=$cpu
	done
	found=$("$build/shapebox" diff "$work/ranks" --format json | "$python" -c 'import json, sys
d = json.load(sys.stdin)["first_divergence"]
print(d["kind"], d["ranks"][0], d["step"])')
	[ "$found" = "control $odd $step" ] || { echo "bench.sh: diff found '$found', made was 'control $odd $step' (operation $place)" >&2; return 1; }
	rm -rf "$work/ranks" "$work/fewer"
}

launches() { # PRELOAD WHAT TIMES: nanoseconds a record, or under callgrind nothing
	LD_LIBRARY_PATH=$build/fake SHAPEBOX_OUTPUT=$work/launches LD_PRELOAD=$1 "${@:4}" "$work/launch" "$2" "$3"
	rm -rf "$work/launches"
}

# The loop's own time and instructions, with and without the library, in turns. The ring is in use from the start: first touch of its pages counts.
section_cuda() {
	local what records alone recorded
	make -s BUILD="$build" fake >/dev/null
	gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror tests/bench/launches.c "$build/fake/libcudart.so.13" -ldl -o "$work/launch"
	for what in launch memory; do
		for _ in $(seq "$rounds"); do
			alone=$(launches "" $what 1000000)
			recorded=$(launches "$build/libshapebox.so" $what 1000000)
			awk -v a="$alone" -v b="$recorded" 'BEGIN { print b - a }' >>"$work/cuda.$what"
		done
		note cuda "$what: added to a call by its record" "$(spread <"$work/cuda.$what" | awk '{ printf "%.1f", $1 }')" "ns (cpu)"
		note cuda "  least of $rounds rounds" "$(spread <"$work/cuda.$what" | awk '{ printf "%.1f", $2 }')" "ns (cpu)"
		command -v valgrind >/dev/null || continue
		gcc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared tests/bench/counted.c -o "$work/counted.so" 2>/dev/null || continue
		records=1
		[ $what = launch ] || records=2
		for preload in "" "$build/libshapebox.so"; do
			BENCH_COUNTED=$work/counted.so launches "$preload" $what 10000 valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file=/dev/null 2>&1 |
				awk -v n=$((10000 * records)) '/Collected/ { print $4 / n }' >>"$work/cuda.$what.instructions"
		done
		note cuda "  instructions" "$(paste -s "$work/cuda.$what.instructions" | awk '{ printf "%.0f", $2 - $1 }')" instructions
	done
}

per_unit() { # PRELOAD UNITS WORKLOAD [UNDER]: instructions per unit, without the start and what is learned first
	local preload=$1 units=$2
	SHAPEBOX_OUTPUT=$work/instructions LD_PRELOAD=$preload BENCH_COUNTED=$work/counted.so valgrind --tool=callgrind --instr-atstart=no \
		--callgrind-out-file=/dev/null "$python" $workloads "$3" "=$units" "${@:4}" 2>&1 >/dev/null |
		awk -v n="$units" '/Collected/ { printf "%.0f", $4 / n }'
	rm -rf "$work/instructions"
}

section_instructions() {
	local load units alone floor traced
	gcc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared tests/bench/counted.c -o "$work/counted.so" ||
		{ echo "bench.sh: instructions: no valgrind here (Debian's package valgrind)" >&2; return 1; }
	for load in elementwise encoder; do
		units=10
		[ $load = encoder ] || units=10000
		alone=$(per_unit "" $units $load)
		floor=$(per_unit "" $units $load floor-outputs)
		traced=$(per_unit "$build/libshapebox.so" $units $load)
		note instructions "$load: alone" "$alone" instructions
		note instructions "$load: an empty callback with outputs" "$floor" instructions
		note instructions "$load: recorded" "$traced" instructions
		note instructions "$load: ratio" "$(divide "$traced" "$alone")" ""
		printf '%s %s\n' $load "$((traced - alone))" >>"$work/added"
	done
}

section_check() { # instructions.txt: WORKLOAD INSTRUCTIONS-ADDED
	local load limit now status=0
	section_instructions
	while read -r load limit; do
		now=$(awk -v load="$load" '$1 == load { print $2 }' "$work/added")
		if [ "$now" -gt $((limit + limit / 20)) ]; then
			echo "bench.sh: $load: recording adds $now instructions, more than 5 % above $limit of tests/bench/instructions.txt" >&2
			status=1
		fi
	done <tests/bench/instructions.txt
	return $status
}

[ $# -gt 0 ] || set -- steps start disk viewer cuda
status=0
for section in "$@"; do
	case $section in
	steps | start | disk | lasting | viewer | failed | cuda | ranks | instructions | check)
		printf '== %s\n' "$section"
		"section_$section" || status=1
		;;
	*) echo "bench.sh: no section '$section' (steps, start, disk, lasting, viewer, failed, cuda, ranks, instructions, check)" >&2; exit 2 ;;
	esac
done
{ echo '['; paste -s -d, "$json" | sed 's/},{/},\n{/g'; echo ']'; } >"$build/bench.json"
printf 'all numbers: %s\n' "$build/bench.json"
exit $status
