#!/bin/sh
# make.sh LIBCUDART...: print the exported functions of each runtime to <soname>.txt here, and what all of them ask the driver
# for to libcuda-asked.txt.
set -eu
here=$(dirname "$0")
for library in "$@"; do
	name=$(readelf -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p')
	nm -D --defined-only "$library" | awk '$2 == "T" { print $3 }' | sed 's/@.*//' | sort -u >"$here/$name.txt"
done
for library in "$@"; do strings "$library"; done | grep -E '^cu[A-Z][A-Za-z0-9]+(_v[0-9]|_pt[sd][sz])*$' | grep -v '^cuda' | sort -u >"$here/libcuda-asked.txt"
