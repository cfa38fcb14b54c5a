#!/bin/sh
# stubs.sh LIST NODE: C for weak functions of every name in LIST (not supported, but there), or with NODE a version script.
set -eu
if [ $# = 2 ]; then
	echo "$2 { global: *; };"
	exit
fi
echo '#include "fake.h"'
grep -v -e '^#' -e '^$' "$1" | while read -r name _; do
	echo "__attribute__((weak, visibility(\"default\"))) int $name(void);"
	echo "int $name(void) { fake_enter(); return fake_leave(NOT_SUPPORTED); }"
done
