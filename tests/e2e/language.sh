#!/bin/sh
# language.sh BUILD PYTHON TRACE: a report in both languages: chosen by option, variable, and on a terminal by locale; what is never
# translated isn't; lines stay within their width in wide characters.
set -eu
build=$(cd "$1" && pwd)
shapebox=$build/shapebox
python=$2
trace=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
wrong() { echo "$*"; bad=$((bad + 1)); }
unset SHAPEBOX_LANG LC_ALL LC_MESSAGES LANG NO_COLOR COLUMNS

"$shapebox" report "$trace" >"$work/en" || true
"$shapebox" report "$trace" --lang zh >"$work/zh" || true
for word in 失败 算子 位置 操作数 不一致 原因 修改 来源; do
	grep -q "^$word" "$work/zh" || wrong "no $word in the Chinese report"
done
for word in FAILED '^operation' '^mismatch' likely ' rows' 'was decided'; do
	grep -q "$word" "$work/zh" && wrong "'$word' in the Chinese report"
done
"$python" - "$work/en" "$work/zh" <<'PYTHON' || bad=$((bad + 1))
import re, sys, unicodedata

en, zh = (open(name, encoding="utf-8").read() for name in sys.argv[1:])
same = lambda text: sorted(re.findall(r"aten::\w+|\w+Error|[A-Z]+_[A-Z_]+|[\w.]+\.py:\d+", re.sub(r"\n +", "", text)))
wrong = [] if set(same(en)) == set(same(zh)) else [f"names were translated: {set(same(en)) ^ set(same(zh))}"]
for line in zh.splitlines():
    columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
    if columns > 100 or line != line.rstrip():
        wrong.append(f"{columns} columns, or blanks at its end: {line!r}")
# the table's columns begin below their headers
table = zh.splitlines()[next(i for i, line in enumerate(zh.splitlines()) if line.startswith("操作数")):][:4]
wide = lambda text: sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
shape = wide(table[0][:table[0].index("形状")])
for line in table[1:]:
    if wide(line[:line.index("[", line.index("  ", 16))]) > shape + 12:
        wrong.append(f"not below its header: {line!r}")
    if " " * 2 + "[" not in line or wide(line[:line.index("  [") + 2]) != shape:
        wrong.append(f"shape not at column {shape}: {line!r}")
print("\n".join(wrong))
sys.exit(bool(wrong))
PYTHON

# JSON is one language.
"$shapebox" report "$trace" --format json >"$work/en.json" || true
SHAPEBOX_LANG=zh "$shapebox" report "$trace" --format json --lang zh >"$work/zh.json" || true
cmp -s "$work/en.json" "$work/zh.json" || wrong "JSON depends on the language"

# Who chooses: option, variable, locale on a terminal.
is() { # LANGUAGE HOW: what was just written to out is in LANGUAGE
	case $1 in zh) grep -q 失败 "$work/out" ;; *) grep -q FAILED "$work/out" ;; esac || wrong "$2: not $1"
}
SHAPEBOX_LANG=zh_CN.UTF-8 "$shapebox" report "$trace" >"$work/out" || true
is zh SHAPEBOX_LANG=zh_CN.UTF-8
SHAPEBOX_LANG=zh "$shapebox" report "$trace" --lang en >"$work/out" || true
is en "--lang en over SHAPEBOX_LANG=zh"
LANG=zh_CN.UTF-8 "$shapebox" report "$trace" >"$work/out" || true
is en "LANG=zh_CN.UTF-8 without a terminal"
LANG=zh_CN.UTF-8 TERM=xterm "$python" "$here/terminal.py" "$shapebox" report "$trace" >"$work/out" || true
is zh "LANG=zh_CN.UTF-8 on a terminal"
LANG=zh_CN.UTF-8 LC_ALL=C TERM=xterm "$python" "$here/terminal.py" "$shapebox" report "$trace" >"$work/out" || true
is en "LC_ALL=C on a terminal"
"$shapebox" report "$trace" --lang fr >"$work/out" 2>"$work/err" && wrong "--lang fr was taken"
grep -q "'fr'" "$work/err" || wrong "the error doesn't name the language: $(cat "$work/err")"
event=$("$python" -c 'import json, sys; print(json.load(sys.stdin)["failure"]["event"])' <"$work/en.json")
for command in diff "lineage $event:values.0 --trace"; do
	# shellcheck disable=SC2086
	"$shapebox" $command "$trace" --lang zh >"$work/out" 2>&1 || true
	LC_ALL=C.UTF-8 grep -q -P '\p{Han}' "$work/out" || wrong "$command --lang zh: no Chinese: $(head -3 "$work/out")"
done
[ "$bad" = 0 ]
