#!/bin/sh
# recipes.sh BUILD PYTHON: the blocks of docs/recipes*.md marked "sh run", as they stand, in a folder with a train.py that fails: each
# command ends with 0 or, where it found a failure, 1, and says something.
set -eu
build=$(cd "$1" && pwd)
docs=$(cd "$(dirname "$0")/../../docs" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
mkdir "$work/bin" "$work/home"

ln -s "$build/shapebox" "$work/bin/shapebox"
export PATH="$work/bin:$(cd "$(dirname "$2")" && pwd):$PATH" HOME="$work/home" OMP_NUM_THREADS=1
unset SHAPEBOX_LANG
cd "$work"
cat >mm_plugin.py <<'PYTHON'
import torch

def join(pieces):
    return torch.cat(pieces)
PYTHON
cat >train.py <<'PYTHON'
import torch

import mm_plugin

places, features = torch.zeros(8, 4), mm_plugin.join([torch.ones(3, 4), torch.ones(2, 4)])
mask = torch.arange(8) < 4
places[mask] = features
PYTHON

# (the library is where this build has it, not installed)
for file in "$docs"/recipes*.md; do
	awk '/^```sh run$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$file" | sed "s|/usr/local/lib/libshapebox.so|$build/libshapebox.so|"
done >commands
count=$(wc -l <commands)
[ "$count" -ge 15 ] || { echo "only $count commands are marked: the check is broken"; exit 1; }
while IFS= read -r line; do
	status=0
	sh -c "$line" >out 2>err </dev/null || status=$?
	case $line in
	*'>>'*) said=1 ;;
	*) said=$(cat out err | wc -c) ;;
	esac
	if [ "$status" -gt 1 ] || [ "$said" = 0 ] || grep -q Traceback out; then
		printf '%s: status %s\n' "$line" "$status"
		head -5 out err
		bad=$((bad + 1))
	fi
	case $line in
	*'log --grep mm_plugin.py'*) grep -q 'aten::cat.*mm_plugin.py:4' out || { echo "$line: no cat of mm_plugin.py: $(cat out)"; bad=$((bad + 1)); } ;;
	'shapebox report'*zh) grep -q 失败 out || { echo "$line: not Chinese"; bad=$((bad + 1)); } ;;
	'shapebox report'*) grep -q 'FAILED .*5 rows where' out || { echo "$line: no failure: $(head -3 out)"; bad=$((bad + 1)); } ;;
	esac
done <commands
[ -s "$HOME/.deepspeed_env" ] || { echo "nothing in ~/.deepspeed_env"; bad=$((bad + 1)); }
for file in report.html for-a-colleague.html from-the-issue.html for-an-issue.tgz; do
	[ -s "$file" ] || { echo "no $file"; bad=$((bad + 1)); }
done
[ "$bad" = 0 ]
