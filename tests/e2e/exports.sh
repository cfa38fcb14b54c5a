#!/bin/sh
# exports.sh LIBRARY: the library defines, for others, the functions of libshim/hooks.def and cuda_*.def and nothing else;
# it needs glibc alone; every hook's line was taken (none defined in vain); and it calls nothing that a guest must not.
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

# No memory of the host's allocator, no lock, no thread, no signal handler, no exit handler of C++'s list (its lock hangs forked
# children), no end of the process, nothing printed but by write: by what it imports.
nm -D --undefined-only "$library" | awk '{ print $2 }' | sed 's/@.*//' | grep -x -e 'malloc' -e 'calloc' -e 'realloc' -e 'strdup' -e 'asprintf' \
	-e 'pthread_create' -e 'pthread_\(mutex\|rwlock\|spin\|cond\|once\).*' -e 'sem_.*' -e 'sigaction' -e 'signal' -e 'bsd_signal' -e 'sigaltstack' \
	-e 'atexit' -e '__cxa_atexit' -e '__cxa_thread_atexit_impl' -e 'exit' -e '_exit' -e 'quick_exit' -e 'abort' -e '__assert_fail' -e 'raise' \
	-e 'f\?printf' -e 'v\?f\?printf' -e 'puts' -e 'fputs' -e 'fwrite' -e 'perror' -e 'sqlite3_.*' >"$work/forbidden" || true
if [ -s "$work/forbidden" ]; then
	echo "calls what a guest must not:"
	cat "$work/forbidden"
	exit 1
fi

# Room for threads' own variables is scarce for what is loaded with a program.
bytes=$(readelf -lW "$library" | awk '$1 == "TLS" { print $6 }')
[ "$((${bytes:-0}))" -le 256 ] || { echo "$((bytes)) bytes of thread-local storage, more than 256"; exit 1; }
