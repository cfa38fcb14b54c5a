#!/bin/sh
# glibc.sh OLDEST FILE...: each file runs with glibc OLDEST: it asks for no newer version of a name, for nothing of
# another package's libraries, and brings libdl and libpthread, which held some of the names then.
set -eu
oldest=$1
shift
bad=0
for file in "$@"; do
	wanted=$(readelf --version-info -W "$file" | grep -o 'Name: [A-Z][A-Z_]*_[0-9.]*' | sed 's/Name: //' | sort -u)
	case $wanted in *GLIBC_*) ;; *) echo "$file: no versions found: the check is broken"; bad=1 ;; esac
	for version in $wanted; do
		case $version in
		GLIBC_*) ;;
		*) echo "$file asks for $version"; bad=1; continue ;;
		esac
		newest=$(printf '%s\n%s\n' "$oldest" "${version#GLIBC_}" | sort -V | tail -n 1)
		[ "$newest" = "$oldest" ] || { echo "$file asks for $version, newer than $oldest"; bad=1; }
	done
	for library in libdl.so.2 libpthread.so.0; do
		readelf -d "$file" | grep -q "NEEDED.*\[$library\]" || { echo "$file doesn't bring $library"; bad=1; }
	done
	# what has no version of its own must not be left for the loader to find by chance
	loose=$(nm -D --undefined-only "$file" | awk '$1 == "U" && $2 !~ /@/ { print $2 }')
	[ -z "$loose" ] || { echo "$file: unversioned: $loose"; bad=1; }
done
exit $bad
