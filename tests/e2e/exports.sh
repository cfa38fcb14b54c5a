#!/bin/sh
# exports.sh LIBRARY: the library defines, for others, the functions of libshim/hooks.def and nothing else;
# it needs glibc alone; and every hook's line was taken (none defined in vain).
set -eu
library=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '#define HOOK(id, library, symbol, why) @@ symbol\n#include "libshim/hooks.def"\n' |
	gcc -E -P -I. - | tr -d '\n' | sed 's/@@/\n@@/g' | sed -n 's/^@@ *\([A-Za-z0-9_]*\).*/\1/p' | sort >"$work/wanted"
[ -s "$work/wanted" ] || { echo "no hooks found in libshim/hooks.def"; exit 1; }

nm -D --defined-only "$library" | awk '{ print $3 }' | sed 's/@.*//' | sort >"$work/defined"
if ! diff "$work/wanted" "$work/defined" >"$work/difference"; then
	echo "exported functions differ from libshim/hooks.def (< wanted, > exported):"
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
