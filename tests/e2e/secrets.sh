#!/bin/sh
# secrets.sh BUILD PYTHON PROGRAMS: no secret of the environment or the command line is in any file of a trace: not in the box of a
# process that was killed, not in a database, not in run.json, not in the report; what is no secret is there.
set -eu
case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
case $2 in /*) python=$2 ;; *) python=$PWD/$2 ;; esac
case $3 in /*) programs=$3 ;; *) programs=$PWD/$3 ;; esac
program=$programs/masked.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bad=0

# Each one's value holds SENTINEL; the names are those under which such values are kept.
export HF_TOKEN=SENTINEL01 HUGGING_FACE_HUB_TOKEN=SENTINEL02 WANDB_API_KEY=SENTINEL03 AWS_SECRET_ACCESS_KEY=SENTINEL04
export NCCL_SECRET=SENTINEL05 TORCH_PASSWORD=SENTINEL06 PYTORCH_API_TOKEN=SENTINEL07 DB_URL=postgres://joe:SENTINEL08@host/db
export TORCH_MIRROR=https://joe:SENTINEL09@host/x OMP_NUM_THREADS=1 NCCL_DEBUG=WARN
set -- "A=1 HF_TOKEN=SENTINEL15 python x.py --hub-token SENTINEL16" "x = 1; token = 'SENTINEL17'" '{"lr": 1, "api_key": "SENTINEL18"}' \
	--header "Authorization: Bearer SENTINEL19" --api-key SENTINEL10 --hub_token=SENTINEL11 --url https://joe:SENTINEL12@host/ hf_token=SENTINEL13 --password SENTINEL14

clean() { # WHAT: no file here holds a secret's value
	if grep -r -a -l SENTINEL "$work"; then
		echo "$1: a secret is in the files above"
		bad=$((bad + 1))
	fi
}

# A process that is killed leaves its box as it is.
LD_PRELOAD=$build/libshapebox.so SHAPEBOX_OUTPUT=$work/killed "$python" "$program" "$@" --stay >killed.out 2>/dev/null &
process=$!
for _ in $(seq 600); do
	grep -q recorded killed.out && break
	sleep 0.2
done
kill -KILL $process
wait $process 2>/dev/null || :
[ -n "$(ls killed/*.box 2>/dev/null)" ] || { echo "no box was left"; bad=$((bad + 1)); }
grep -q -a "$program" killed/*.box || { echo "the box doesn't tell the arguments"; bad=$((bad + 1)); }
clean "box"
"$build/shapebox" report --environment killed >killed.txt || :
grep -q "NCCL_DEBUG WARN" killed.txt && grep -q "transformers [0-9]" killed.txt && grep -q "seed 7" killed.txt || {
	echo "the environment isn't told"
	cat killed.txt
	bad=$((bad + 1))
}
clean "database and report of a killed process"

"$build/shapebox" run --output failed -- "$python" "$program" "$@" >/dev/null 2>failed.err || :
"$build/shapebox" report --format json failed >failed.json || :
"$build/shapebox" report --environment --all failed >failed.txt || :
[ -n "$(ls failed/*.db 2>/dev/null)" ] || { echo "nothing was recorded"; bad=$((bad + 1)); }
clean "trace and report of a failure"

[ "$bad" = 0 ]
