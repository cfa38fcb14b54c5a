#!/bin/sh
# build.sh FOLDER: put the page's script together and embed it with its style: page_js.h, page_css.h, and page_hash.h
# with the hashes by which the page's policy knows them.
set -eu
here=$(dirname "$0")
out=$1
mkdir -p "$out"

{
	printf '"use strict";\n(() => {\n'
	for part in words dom verdict lineage history memory ranks log main; do cat "$here/$part.js"; done
	printf '})();\n'
} >"$out/page.js"
cp "$here/page.css" "$out/page.css"

hash() { # FILE: its SHA-256 as a Content Security Policy has it
	octal=$(sha256sum "$1" | awk '{ for (i = 1; i < 64; i += 2) printf "\\%03o", (index("0123456789abcdef", substr($1, i, 1)) - 1) * 16 + index("0123456789abcdef", substr($1, i + 1, 1)) - 1 }')
	# shellcheck disable=SC2059
	printf 'sha256-%s' "$(printf "$octal" | base64)"
}
for name in js css; do
	grep -q '</' "$out/page.$name" && { echo "page.$name: contains </, which would end its element" >&2; exit 1; }
	sh "$here/../../schema/embed.sh" "$out/page.$name" "page_$name" >"$out/page_$name.h"
done
{
	printf '#define PAGE_JS_HASH "%s"\n' "$(hash "$out/page.js")"
	printf '#define PAGE_CSS_HASH "%s"\n' "$(hash "$out/page.css")"
} >"$out/page_hash.h"
