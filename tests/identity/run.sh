#!/bin/sh
# run.sh BUILD PYTHON: a training loop's recorded identities against the allocator's; see truth.c and check.c.
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/${1#"$PWD/"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The recorder comes first: its hooks call on to those of the truth.
OMP_NUM_THREADS=1 IDENTITY_LOG=$work/log SHAPEBOX_SIZE=256M SHAPEBOX_OUTPUT=$work/trace \
	LD_PRELOAD="$build/libshapebox.so $build/tests/truth.so" "$2" tests/identity/loop.py
"$build/tests/identity-check" "$work/trace" "$work/log"
