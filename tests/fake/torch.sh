#!/bin/sh
# torch.sh BUILD PYTHON: real PyTorch with CUDA on the fake stack: each count of the trace is the fake's own, in every process.
set -eu
build=$(cd "$1" && pwd)
python=$2
fake=$build/fake
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

steps() { # NAME ALLOCATOR WAY
	rm -rf "$work/trace" "$work"/counts.*
	status=0
	TORCHINDUCTOR_COMPILE_THREADS=1 TORCHINDUCTOR_CACHE_DIR=$work/inductor TRITON_CACHE_DIR=$work/triton TRITON_LIBCUDA_PATH=$fake \
	OMP_NUM_THREADS=1 PYTORCH_CUDA_ALLOC_CONF=$2 LD_PRELOAD="$build/libshapebox.so $fake/libcudart.so.13 $fake/libcuda.so.1 $fake/libnvidia-ml.so.1" \
		FAKE_CUDA_COUNTS=$work/counts SHAPEBOX_OUTPUT=$work/trace timeout 300 "$python" tests/fake/torch_steps.py "$3" >"$work/out" 2>&1 || status=$?
	[ $status = 0 ] || { echo "$1: ended with $status"; tail -5 "$work/out"; bad=1; return; }
	"$build/shapebox" memory "$work/trace" >"$work/memory" || { echo "$1: memory failed"; bad=1; }
	for counts in "$work"/counts.*; do
		pid=${counts##*.}
		db=$(ls "$work"/trace/*-"$pid".db)
		for name in launches captured_launches graph_launches allocations frees host_allocations host_frees copies memsets failed_calls; do
			want=$(awk -v name=$name '$1 == name { print $2 }' "$counts")
			got=$(sqlite3 "$db" "SELECT count FROM cuda_count WHERE name = '$name'")
			[ "$want" = "$got" ] || { echo "$1: $name: the fake counted $want, the trace has $got"; bad=1; }
		done
	done
	want=0
	for db in "$work"/trace/*.db; do
		want=$((want + $(sqlite3 "$db" "SELECT count(*) FROM cuda_call WHERE event_id IS NOT NULL AND result = 0 AND kind IN ('launch', 'graph launch')")))
	done
	got=$("$build/shapebox" log --all --format json "$work/trace" | "$python" -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
print(sum(row["cuda"]["launches"] for row in rows if row["cuda"] and row["depth"] == 0))')
	[ "$want" -gt 0 ] && [ "$want" = "$got" ] || { echo "$1: log tells of $got launches, the trace has $want"; bad=1; }
	echo "ok      $1"
}

LD_PRELOAD="$fake/libcudart.so.13 $fake/libcuda.so.1 $fake/libnvidia-ml.so.1" "$build/shapebox" doctor --python "$python" --format json >"$work/doctor" || bad=1
"$python" -c '
import json, sys
cuda = json.load(open(sys.argv[1]))["cuda"]
levels = {row["file"].rsplit("/", 1)[-1]: row["level"] for row in cuda["libraries"]}
assert cuda["launches"] >= 1 and cuda["allocations"] >= 1 and cuda["device"] == "Fake GPU", cuda
assert levels["libcudart.so.13"] == "runtime" and levels["libcuda.so.1"] == "driver" and levels["libcublas.so.13"] == "driver", levels
' "$work/doctor" && echo "ok      doctor" || { echo "doctor says of CUDA:"; cat "$work/doctor"; bad=1; }

steps eager "" eager
steps "expandable segments" expandable_segments:True eager
steps "cudaMallocAsync" backend:cudaMallocAsync eager
steps "graph" "" graph
steps "data loader's workers" "" workers
steps "Triton" "" triton
steps "torch.compile" "" compile
# Programs that fail, as users would see them: tests/fake/cases
LD_PRELOAD="$fake/libcudart.so.13 $fake/libcuda.so.1 $fake/libnvidia-ml.so.1" OMP_NUM_THREADS=1 "$build/tests/runner" --build "$build" \
	--python "$(dirname "$python")" --programs "$PWD/tests/programs" --cases "$PWD/tests/fake/cases" --work "$work/cases" || bad=1
exit $bad
