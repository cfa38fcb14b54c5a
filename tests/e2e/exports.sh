#!/bin/sh
# exports.sh LIBRARY: the library defines, for others, the functions of libshim/hooks.def and cuda_*.def and nothing else;
# it needs glibc alone; and every hook's line was taken (none defined in vain).
set -eu
library=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/list.c" <<'TEXT'
#define HOOK(id, library, symbol, why) @@ symbol
#include "libshim/hooks.def"
#define LIST(symbol, ...) @@ symbol ;
#define CUDA_CALL LIST
#define CUDA_LAUNCH LIST
#define CUDA_STATE LIST
#define CUDA_PLAIN LIST
#define CUDA_SPECIAL LIST
#include "libshim/cuda_runtime.def"
#define CUDA_CALL LIST
#define CUDA_LAUNCH LIST
#define CUDA_STATE LIST
#define CUDA_PLAIN LIST
#define CUDA_SPECIAL LIST
#include "libshim/cuda_driver.def"
TEXT
gcc -E -P -I. "$work/list.c" | tr -d '\n' | sed 's/@@/\n@@/g' | sed -n 's/^@@ *\([A-Za-z0-9_]\{1,\}\).*/\1/p' | sort >"$work/wanted"
[ -s "$work/wanted" ] || { echo "no hooks found in libshim"; exit 1; }

nm -D --defined-only "$library" | awk '{ print $3 }' | sed 's/@.*//' | sort >"$work/defined"
if ! diff "$work/wanted" "$work/defined" >"$work/difference"; then
	echo "exported functions differ from libshim/hooks.def and cuda_*.def (< wanted, > exported):"
	cat "$work/difference"
	exit 1
fi

readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | grep -v -x -e 'libc\.so\.6' -e 'libm\.so\.6' -e 'libdl\.so\.2' -e 'libpthread\.so\.0' >"$work/needed" || true
if [ -s "$work/needed" ]; then
	echo "needs more than glibc:"
	cat "$work/needed"
	exit 1
fi
if readelf -d "$library" | grep -q TEXTREL; then
	echo "has text relocations"
	exit 1
fi
