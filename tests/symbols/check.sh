#!/bin/sh
# check.sh: every name of the lists is wrapped or on the written skip list, and the skip list names nothing that is wrapped.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/list.c" <<'TEXT'
#define LIST(symbol, ...) @@ symbol ;
#define CUDA_CALL LIST
#define CUDA_LAUNCH LIST
#define CUDA_STATE LIST
#define CUDA_PLAIN LIST
#define CUDA_SPECIAL LIST
#include "libshim/cuda_runtime.def"
#define DRIVER(symbol, asked, ...) @@ symbol ; @@ asked ;
#define CUDA_CALL DRIVER
#define CUDA_LAUNCH DRIVER
#define CUDA_STATE DRIVER
#define CUDA_PLAIN DRIVER
#define CUDA_SPECIAL LIST
#include "libshim/cuda_driver.def"
TEXT
gcc -E -P -I. "$work/list.c" | tr -d '\n' | sed 's/@@/\n@@/g' | sed -n 's/^@@ *\([A-Za-z0-9_]\{1,\}\).*/\1/p' | sort -u >"$work/wrapped"
grep -v '^#' "$here/skip.txt" | awk 'NF < 2 { print "no reason: " $1 > "/dev/stderr"; exit 1 } { print $1 }' | sort -u >"$work/skipped"
cat "$here"/lib*.txt | sort -u | comm -23 - "$work/wrapped" | comm -23 - "$work/skipped" >"$work/missing"
comm -12 "$work/wrapped" "$work/skipped" >"$work/both"
[ ! -s "$work/missing" ] || { echo "neither wrapped nor on the skip list:"; cat "$work/missing"; exit 1; }
[ ! -s "$work/both" ] || { echo "wrapped and on the skip list:"; cat "$work/both"; exit 1; }
