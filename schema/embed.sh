#!/bin/sh
# embed.sh FILE NAME: print a C header that holds FILE's text as `static const char NAME[]`.
# One C string literal a line, so that any text works (? is escaped: C's trigraphs) and a compiler's message names the line.
set -eu
if [ $# -ne 2 ] || [ ! -r "$1" ]; then
	echo "usage: embed.sh FILE NAME > HEADER (FILE must be readable)" >&2
	exit 2
fi
printf '/* Made by schema/embed.sh from %s. Do not edit. */\n' "$(basename "$1")"
printf 'static const char %s[] =\n' "$2"
sed -e 's/\\/\\\\/g' -e 's/?/\\?/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/^/	"/' -e 's/$/\\n"/' "$1"
printf '\t"";\n'
