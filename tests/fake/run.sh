#!/bin/sh
# run.sh BUILD [COMPILER EMULATOR SHAPEBOX]: the program of CUDA calls under the library, with CUDA 12's and 13's runtime: it
# behaves as without it, and for each of its processes every count is the fake's own. For another processor's BUILD: its
# compiler, a command that runs its programs (qemu's: -E NAME=VALUE sets a variable there), and a shapebox of this one's.
set -eu
build=$(cd "$1" && pwd)
compiler=${2:-gcc}
emulator=${3:-}
shapebox=${4:-$build/shapebox}
fake=$build/fake
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

run() { # NAME=VALUE... PROGRAM
	if [ -z "$emulator" ]; then
		timeout 60 env "$@"
		return
	fi
	set -- "$@" end
	while [ "$1" != end ]; do
		case $1 in *=*) set -- "$@" -E "$1" ;; *) set -- "$@" "$1" ;; esac
		shift
	done
	shift
	timeout 300 $emulator "$@"
}

compare() { # TRACE COUNTS: the counts of both, by process
	for counts in "$2".*; do
		pid=${counts##*.}
		db=$(ls "$1"/*-"$pid".db)
		for name in launches captured_launches graph_launches allocations frees host_allocations host_frees copies memsets failed_calls; do
			want=$(awk -v name=$name '$1 == name { print $2 }' "$counts")
			got=$(sqlite3 "$db" "SELECT count FROM cuda_count WHERE name = '$name'")
			[ "$want" = "$got" ] || { echo "$name: the fake counted $want, the trace has $got (process $pid)"; bad=1; }
		done
		lost=$(sqlite3 "$db" "SELECT group_concat(text) FROM loss WHERE cause LIKE 'CUDA%' OR cause = 'MEMORY_FULL'")
		[ -z "$lost" ] || { echo "lost: $lost"; bad=1; }
	done
}

for runtime in 12 13; do
	"$compiler" -std=c11 -D_GNU_SOURCE -o "$work/program$runtime" tests/fake/program.c "$fake/libcudart.so.$runtime" "$fake/libcuda.so.1" -ldl -lpthread
	for level in all off; do
		rm -rf "$work/trace" "$work"/counts.*
		status=0
		run LD_LIBRARY_PATH="$fake" LD_PRELOAD="$build/libshapebox.so" FAKE_CUDA_COUNTS="$work/counts" SHAPEBOX_OUTPUT="$work/trace" \
			SHAPEBOX_CUDA=$level "$work/program$runtime" >"$work/out" 2>&1 || status=$?
		[ $status = 0 ] || { echo "CUDA $runtime, --cuda $level: ended with $status"; cat "$work/out"; bad=1; }
		if [ $level = off ]; then
			[ ! -e "$work/trace" ] || { echo "--cuda off left a trace"; bad=1; }
			continue
		fi
		"$shapebox" memory --format json "$work/trace" >"$work/json" || { echo "memory failed"; bad=1; }
		compare "$work/trace" "$work/counts"
		set -- "$work/counts".*
		[ $# = 2 ] || { echo "CUDA $runtime: $# processes counted, not two"; bad=1; }
		db=$(ls "$work/trace"/rank0-*.db | grep -v worker)
		for query in "SELECT count(*) FROM cuda_log WHERE what LIKE 'at::native::index_kernel<<<7x5x3, 32x4x2>>>'" \
			"SELECT count(*) FROM cuda_log WHERE what LIKE 'plain_one<<<%'" "SELECT count(*) FROM cuda_log WHERE what LIKE 'triton_kernel<<<%'"; do
			[ "$(sqlite3 "$db" "$query")" -gt 0 ] || { echo "no row: $query"; bad=1; }
		done
		[ "$(sqlite3 "$db" "SELECT count(*) FROM live_memory")" = 0 ] || { echo "memory is said to be live that was freed"; bad=1; }
	done
done

fault() { # NAME=VALUE...: the program with a fault on demand, in CUDA 13: it says so; sets db, of its first process
	rm -rf "$work/trace" "$work"/counts.*
	status=0
	run LD_LIBRARY_PATH="$fake" LD_PRELOAD="$build/libshapebox.so" FAKE_CUDA_COUNTS="$work/counts" SHAPEBOX_OUTPUT="$work/trace" "$@" \
		"$work/program13" >"$work/out" 2>&1 || status=$?
	[ $status = 1 ] || { echo "$*: ended with $status"; cat "$work/out"; bad=1; }
	"$shapebox" memory --format json "$work/trace" >"$work/json" || { echo "$*: memory failed"; bad=1; }
	compare "$work/trace" "$work/counts"
	db=$(ls "$work/trace"/rank0-*.db | grep -v worker)
}

answer() { # SELECT WANTED
	got=$(sqlite3 "$db" "$1")
	[ "$got" = "$2" ] || { echo "$1: $got, not $2"; bad=1; }
}

first="(SELECT min(id) FROM cuda_call WHERE result = 710)"
before="SELECT k.name FROM cuda_call c JOIN cuda_kernel k ON k.id = c.kernel_id WHERE c.kind = 'launch' AND c.id < $first ORDER BY c.id DESC LIMIT 1"
fault FAKE_CUDA_FAIL_ALLOCATION=2
answer "SELECT count(*) FROM cuda_call WHERE result = 2 AND kind LIKE '%allocation' AND bytes < 1 << 40" 1
fault FAKE_CUDA_FAULT=plain_one FAKE_CUDA_FAULT_AFTER=2
answer "SELECT ours FROM cuda_call WHERE id = $first" 0
fault FAKE_CUDA_FAULT=plain_one FAKE_CUDA_FAULT_AFTER=2 SHAPEBOX_SYNC=all
answer "SELECT ours FROM cuda_call WHERE id = $first" 1
answer "$before" plain_one
# What libraries are told that clean up while the process ends is no failure.
fault FAKE_CUDA_FAULT=plain_one FAKE_CUDA_FAULT_CODE=4 FAKE_CUDA_FAULT_AFTER=2
answer "SELECT count(*) FROM cuda_call WHERE result = 4" 0

# Calls from signal handlers, also in the midst of a record: they may be left out, and are counted; no other is.
"$compiler" -std=c11 -D_GNU_SOURCE -O1 -o "$work/interrupted" tests/fake/interrupted.c "$fake/libcudart.so.13" "$fake/libcuda.so.1"
rm -rf "$work/trace" "$work"/counts.*
run LD_LIBRARY_PATH="$fake" LD_PRELOAD="$build/libshapebox.so" FAKE_CUDA_COUNTS="$work/counts" SHAPEBOX_OUTPUT="$work/trace" "$work/interrupted" \
	>"$work/out" 2>&1 || { echo "interrupted: ended with $?"; cat "$work/out"; bad=1; }
"$shapebox" memory --format json "$work/trace" >"$work/json" || { echo "interrupted: memory failed"; bad=1; }
db=$(ls "$work/trace"/rank0-*.db)
read -r launches handled <"$work/out"
answer "SELECT count BETWEEN $launches AND $launches + $handled FROM cuda_count WHERE name = 'launches'" 1
answer "SELECT count(*) FROM loss WHERE cause LIKE 'damaged%'" 0

# A library that is loaded apart, before which we don't come: the program's end is its own, and what is its own is counted.
[ -z "$emulator" ] || exit $bad
"$compiler" -std=c11 -D_GNU_SOURCE -o "$work/apart" tests/fake/apart.c "$fake/libcudart.so.13" "$fake/libcuda.so.1" -ldl
"$compiler" -DLIBRARY -shared -fPIC -std=c11 -D_GNU_SOURCE -o "$work/libapart.so" tests/fake/apart.c "$fake/libcudart.so.13"
for way in deepbind namespace; do
	rm -rf "$work/trace"
	status=0
	run LD_LIBRARY_PATH="$fake" LD_PRELOAD="$build/libshapebox.so" SHAPEBOX_OUTPUT="$work/trace" "$work/apart" "$work/libapart.so" $way \
		>"$work/out" 2>&1 || status=$?
	[ "$status $(cat "$work/out")" = "0 2000 1000" ] || { echo "apart, $way: ended with $status"; cat "$work/out"; bad=1; }
	"$shapebox" memory --format json "$work/trace" >"$work/json" || { echo "apart, $way: memory failed"; bad=1; }
	db=$(ls "$work/trace"/rank0-*.db)
	# A runtime that is there already asks the driver as ever; one in a namespace of its own has a driver of its own.
	answer "SELECT count FROM cuda_count WHERE name = 'allocations'" $([ $way = deepbind ] && echo 3000 || echo 2000)
	answer "SELECT count FROM cuda_count WHERE name = 'frees'" $([ $way = deepbind ] && echo 3000 || echo 2000)
	answer "SELECT count(*) FROM loss WHERE cause LIKE 'damaged%'" 0
done

# Built with a sanitizer, whose runtime stands in front of much itself and looks functions up before anything else runs: the
# program's own end, and no report. (Leaks: the fake's, which frees nothing at the end.)
for sanitizer in "address" "address -static-libasan" "thread" "undefined" "leak"; do
	# shellcheck disable=SC2086
	if ! "$compiler" -g -fsanitize=$sanitizer -std=c11 -D_GNU_SOURCE -o "$work/sanitized" tests/fake/program.c "$fake/libcudart.so.13" "$fake/libcuda.so.1" \
		-ldl -lpthread 2>"$work/out"; then
		echo "skipped: -fsanitize=$sanitizer: $(head -n 1 "$work/out")"
		continue
	fi
	rm -rf "$work/trace" "$work"/counts.*
	status=0
	run LD_LIBRARY_PATH="$fake" LD_PRELOAD="$build/libshapebox.so" FAKE_CUDA_COUNTS="$work/counts" SHAPEBOX_OUTPUT="$work/trace" \
		ASAN_OPTIONS=detect_leaks=0 LSAN_OPTIONS=detect_leaks=0 "$work/sanitized" >"$work/out" 2>&1 || status=$?
	[ "$status $(cat "$work/out")" = "0 right" ] || { echo "-fsanitize=$sanitizer: ended with $status"; head -n 20 "$work/out"; bad=1; }
	"$shapebox" memory --format json "$work/trace" >"$work/json" || { echo "-fsanitize=$sanitizer: memory failed"; bad=1; }
	compare "$work/trace" "$work/counts"
done
exit $bad
