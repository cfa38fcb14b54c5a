#!/bin/sh
# analyze.sh: GCC's analyzer and cppcheck over all of our C. What either says is a failure.
# A false report is silenced where it is made, with its reason, or listed below.
set -eu
cd "$(dirname "$0")/.."
build=$1
jobs=${2:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

echo "gcc -fanalyzer"
sources=$(find libshim schema viewer -name '*.c')
# (malloc-leak: GCC 12 loses track of what is kept in a structure's array.)
# One compiler for each file, as many at once as there are processors; a file's report is kept apart.
# shellcheck disable=SC2086
printf '%s\n' $sources | xargs -P "$jobs" -I{} sh -c '
	out=$1/$(printf %s "$2" | tr / _).txt
	gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -fanalyzer -Wno-analyzer-malloc-leak -I. -I"$3/gen" -fwrapv -ftls-model=initial-exec -c "$2" -o /dev/null 2>"$out" || echo "analyze.sh: $2: not compiled" >>"$out"
' sh "$work" {} "$build"
cat "$work"/*.txt >"$work/analyzer"
if [ -s "$work/analyzer" ]; then
	grep -h -e 'warning:' -e 'error:' -e 'not compiled' "$work/analyzer" || cat "$work/analyzer"
	status=1
fi

echo "cppcheck"
# missingInclude*: the system's headers are not read. The rest of the style group is taste, and not asked for.
if ! cppcheck -q -j "$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	--suppress=missingIncludeSystem --library=tests/analyze.cfg -D_GNU_SOURCE -D__x86_64__ -D__linux__ -I. -I"$build/gen" libshim schema viewer 2>"$work/cppcheck"; then
	cat "$work/cppcheck"
	status=1
fi
exit $status
