#!/bin/sh
# paths.sh BUILD ROOT: neither file names the folder that it was built in.
set -eu
for file in "$1/shapebox" "$1/libshapebox.so"; do
	[ -s "$file" ] || { echo "$file: not there"; exit 1; }
	if grep -a -q -F "$2" "$file"; then
		echo "$file names $2"
		exit 1
	fi
done
