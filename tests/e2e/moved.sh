#!/bin/sh
# moved.sh BUILD PYTHON: the two files find each other in another folder, side by side and as bin/ and lib/.
set -eu
build=$1
python=$2
case $python in /*) ;; *) python=$PWD/$python ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/aside" "$work/prefix/bin" "$work/prefix/lib"
cp "$build/shapebox" "$build/libshapebox.so" "$work/aside/"
cp "$build/shapebox" "$work/prefix/bin/"
cp "$build/libshapebox.so" "$work/prefix/lib/"

try() { # COMMAND NAME
	status=0
	"$1" run --output "$work/$2" -- "$python" -c 'import torch; torch.ones(2) + torch.ones(2)' >"$work/out" 2>"$work/err" || status=$?
	if [ "$status" != 0 ] || [ -s "$work/out" ]; then
		echo "$2: status $status"
		cat "$work/out" "$work/err"
		exit 1
	fi
	"$1" report "$work/$2" --format json >"$work/json"
	if ! grep -q '"events": *[1-9]' "$work/json"; then
		echo "$2: nothing was recorded"
		cat "$work/err" "$work/json"
		exit 1
	fi
}
try "$work/aside/shapebox" side-by-side
try "$work/prefix/bin/shapebox" installed

# The dynamic loader splits LD_PRELOAD at spaces: from such a folder the library is preloaded through a link.
mkdir "$work/a place"
cp "$work/aside/"* "$work/a place/"
try "$work/a place/shapebox" spaced
