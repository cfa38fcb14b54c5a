#!/bin/sh
# run.sh BUILD PYTHON PROGRAMS CHROMIUM: real failing traces as pages, opened in headless Chromium by page.mjs.
# Pictures of the pages stay in BUILD/page.
set -eu
build=$PWD/$1
python=$2
programs=$3
chromium=$4
here=$PWD/tests/page
folder=$build/page
mkdir -p "$folder/traces"
rm -rf "$folder"/*.html "$folder"/*.json "$folder"/*.png "$folder"/traces
mkdir -p "$folder/traces"
[ -d "$folder/node_modules/playwright-core" ] || (cd "$folder" && npm install --silent --no-audit --no-fund --no-save --prefix "$folder" "playwright-core@$(cat "$here/playwright-version")")

export HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1
page() { # NAME COMMAND...
	name=$1
	shift
	timeout 300 "$build/shapebox" run --quiet --output "$folder/traces/$name" -- "$@" >/dev/null 2>&1 || true
	"$build/shapebox" page "$folder/traces/$name" -o "$folder/$name.html" --rows 100000 >/dev/null
	"$build/shapebox" report "$folder/traces/$name" --format json >"$folder/$name.json" || true
}
page hostile "$python" "$programs/hostile_names.py"
page placeholders "$python" "$programs/qwen2vl_mask.py"
page frames "$python" "$programs/judge_frames_cat.py"
page check "$python" "$programs/qwen2vl_check.py"
page healthy "$python" "$programs/healthy.py"
page ranks "$(dirname "$python")/torchrun" --standalone --nproc-per-node 2 "$programs/qwen2vl_ddp.py"
page many "$python" "$here/many.py"
rm "$folder/many.json"
exec timeout 900 node "$here/page.mjs" "$chromium" "$folder" "$folder/node_modules/playwright-core"
