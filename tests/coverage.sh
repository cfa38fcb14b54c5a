#!/bin/sh
# coverage.sh BUILD: how many lines of libshim and schema ran, counted by gcov in a build with COVERAGE=1 after its tests.
# A line that is compiled more than once (the library, the unit tests' copy of it) ran if any of its copies did.
# Below 90 % in either: a failure.
set -eu
cd "$(dirname "$0")/.."
build=$1

find "$build/obj" -name '*.gcno' | grep -e '/libshim/' -e '/schema/' | while read -r notes; do
	gcov --stdout "$notes" 2>/dev/null || true
done | awk -F: '
	function trim(s) { gsub(/[ \t]/, "", s); return s }
	{ count = trim($1); line = trim($2) }
	line == 0 && $3 == "Source" { file = $4; sub(/^\.\//, "", file); next }
	line == 0 || count == "-" || file !~ /^(libshim|schema)\/[^\/]*\.[ch]$/ { next }
	{ key = file SUBSEP line; there[key] = 1; if (count !~ /^[#=]/) ran[key] = 1 }
	END {
		for (key in there) {
			split(key, part, SUBSEP); split(part[1], path, "/")
			all[part[1]]++; total[path[1]]++
			if (key in ran) { done[part[1]]++; reached[path[1]]++ }
		}
		for (file in all) printf "%5.1f %% %5d of %5d  %s\n", 100 * done[file] / all[file], done[file], all[file], file | "sort -n"
		close("sort -n")
		for (box in total) {
			share = 100 * reached[box] / total[box]
			printf "%5.1f %% %5d of %5d  all of %s\n", share, reached[box], total[box], box
			if (share < 90) bad = 1
		}
		exit bad || !("libshim" in total) || !("schema" in total)
	}'
