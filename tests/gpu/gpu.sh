#!/bin/sh
# gpu.sh BUILD PYTHON: what tests/fake/torch.sh does, on a real device: PyTorch's ways to use CUDA, its libraries' launches, and the
# programs of tests/fake/cases whose failure doesn't need a fault on demand. Without a device: "skipped: no GPU".
set -eu
build=$(cd "$1" && pwd)
python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

if ! [ -e /dev/nvidiactl ] || ! nvidia-smi -L >/dev/null 2>&1; then
	echo "skipped: no GPU"
	exit 0
fi

ask() { sqlite3 "$db" "$1"; }

record() { # NAME PROGRAM WAY: sets db
	rm -rf "$work/trace"
	status=0
	timeout 300 "$build/shapebox" run --quiet --output "$work/trace" -- "$python" "$2" "$3" >"$work/out" 2>&1 || status=$?
	[ $status = 0 ] || { echo "$1: ended with $status"; tail -5 "$work/out"; bad=1; return 1; }
	"$build/shapebox" memory "$work/trace" >/dev/null || { echo "$1: memory failed"; bad=1; }
	db=$(ls "$work"/trace/rank0-*.db | grep -v worker)
	[ "$(ask "SELECT count FROM cuda_count WHERE name = 'launches'")" -gt 0 ] || { echo "$1: no launch recorded"; bad=1; }
	# 209, 800: NCCL looks for each of its kernels, PyTorch asks for fabric handles before others; both go on without.
	failed=$(ask "SELECT * FROM cuda_log WHERE result NOT IN (0, 209, 800)")
	[ -z "$failed" ] || { echo "$1: calls failed"; echo "$failed"; bad=1; }
	lost=$(ask "SELECT group_concat(text) FROM loss WHERE cause LIKE 'CUDA_NESTED' OR cause = 'MEMORY_FULL'")
	[ -z "$lost" ] || { echo "$1: lost: $lost"; bad=1; }
}

steps() { # NAME ALLOCATOR WAY: 20 steps, each of which launches in forward, backward and the optimizer
	PYTORCH_CUDA_ALLOC_CONF=$2 record "$1" tests/fake/torch_steps.py "$3" || return 0
	[ "$(ask "SELECT count(*) FROM cuda_call c JOIN operation o ON o.id = c.operation_id WHERE c.kind = 'launch' AND o.name = 'aten::mul'")" -ge 20 ] ||
		{ echo "$1: fewer launches in aten::mul than steps"; bad=1; }
	[ "$(ask "SELECT count(*) FROM live_memory WHERE kind = 'block'")" = 0 ] || { echo "$1: blocks are said to be live that were freed"; bad=1; }
	echo "ok      $1"
}

library() { # NAME WAY QUERY: a count that must not be 0
	record "$1" tests/gpu/libraries.py "$2" || return 0
	[ "$(ask "$3")" -gt 0 ] || { echo "$1: none of its launches was seen"; bad=1; return 0; }
	echo "ok      $1"
}

launched_in() { # OPERATION
	echo "SELECT count(*) FROM cuda_call c JOIN operation o ON o.id = c.operation_id WHERE c.kind = 'launch' AND c.driver = 1 AND o.name LIKE '$1'"
}

kernels_like() { # PATTERN
	echo "SELECT count(*) FROM cuda_call c JOIN cuda_kernel k ON k.id = c.kernel_id WHERE k.symbol LIKE '$1' AND c.driver = 1"
}

steps "eager" "" eager
steps "expandable segments" expandable_segments:True eager
steps "cudaMallocAsync" backend:cudaMallocAsync eager
steps "data loader's workers" "" workers
record "graph" tests/fake/torch_steps.py graph && {
	[ "$(ask "SELECT count FROM cuda_count WHERE name = 'graph_launches'")" = 5 ] && echo "ok      graph" || { echo "graph: not 5 replays"; bad=1; }
}
library cuBLAS cublas "$(launched_in 'aten::matmul')"
library cuDNN cudnn "$(launched_in 'aten::conv2d')"
library NCCL nccl "$(kernels_like %oneRankReduce%)"
library "torch.compile" compile "$(kernels_like triton%)"
record Triton tests/fake/torch_steps.py triton && {
	[ "$(ask "$(kernels_like double)")" = 3 ] && echo "ok      Triton" || { echo "Triton: not 3 launches"; bad=1; }
}
"$build/tests/runner" --build "$build" --python "$(dirname "$python")" --programs "$PWD/tests/programs" --cases "$PWD/tests/fake/cases" \
	--work "$work/cases" cuda_index_sync.case cuda_index_blocking cuda_tower cuda_parameter cuda_offload || bad=1
exit $bad
