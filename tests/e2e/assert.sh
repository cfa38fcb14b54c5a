#!/bin/sh
# assert.sh BUILD PYTHON PROGRAMS: two runs of one healthy program, of different lengths, agree; one that changes a width, a dtype, a device or
# leaves a module out departs, and the first departure is named; the program notices nothing of it.
set -eu
case $1 in /*) shapebox=$1/shapebox ;; *) shapebox=$PWD/$1/shapebox ;; esac
python=$2
program=$3/contract.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export OMP_NUM_THREADS=1
bad=0

wrong() {
	printf '%s\n' "$*"
	bad=$((bad + 1))
}

# expect FILE TEXT: FILE has TEXT
expect() { grep -q -F -e "$2" "$1" || { wrong "$1 lacks: $2"; cat "$1"; }; }

"$shapebox" run --quiet --output healthy -- "$python" "$program" >healthy.out 2>healthy.err
"$shapebox" assert --save contract.json healthy >saved
expect saved 'contract.json:'
expect contract.json '"call": "aten::embedding", "times": 1, "operands": ["weight [50, 8] float32 cpu", "indices [2, *] int64 cpu"]'
expect contract.json '"times": "rare"'
! grep -q -F -e "$work" -e "$3" -e 0x contract.json || wrong "the contract names this machine"
[ "$(wc -c <contract.json)" -lt 20000 ] || wrong "the contract has $(wc -c <contract.json) bytes"
"$shapebox" assert contract.json healthy >own || wrong "the run departs from its own contract"
"$shapebox" assert --save again.json healthy >saved
cmp contract.json again.json || wrong "the same run gives another contract"

"$shapebox" run --output seed --assert contract.json -- "$python" "$program" seed >seed.out 2>seed.err || wrong "status $?"
expect seed.err 'as in contract.json: '
"$shapebox" assert contract.json seed >seed.text || wrong "another healthy run departs: $(cat seed.text)"

# departs WORD STATUS TEXT LINE: the program with WORD ends with STATUS; what `run` says has TEXT and names LINE's number.
departs() {
	status=0
	"$shapebox" run --output "$1" --assert contract.json -- "$python" "$program" "$1" >"$1.out" 2>"$1.err" || status=$?
	[ "$status" = "$2" ] || wrong "$1: status $status"
	expect "$1.err" "$3"
	expect "$1.err" "contract.py:$(grep -n -F -e "$4" "$program" | head -1 | cut -d: -f1)"
	status=0
	"$shapebox" assert contract.json "$1" >"$1.text" || status=$?
	[ "$status" = 1 ] || wrong "assert of $1: status $status"
	expect "$1.text" 'this run'
}
departs width 0 'weight has 24 in dimension 0 where the contract has 16' 'hidden = self.blocks'
departs half 0 'is bfloat16 where the contract has float32' 'self.embed(ids)'
departs meta 0 'is on meta where the contract has cpu' 'self.embed(ids)'
departs skip 0 'aten::layer_norm was not called in this step' 'self.norm(hidden)'

# Widened by another healthy run, it holds for both, and no longer for what neither did.
cp contract.json wide.json
for word in width skip; do
	"$shapebox" assert --widen wide.json "$word" >"$word.wide" || wrong "assert --widen: status $?"
	expect "$word.wide" '; widened: '
done
"$shapebox" assert --widen wide.json seed >seed.wide
for word in healthy seed width skip; do
	"$shapebox" assert wide.json "$word" >"$word.text" || wrong "$word departs from the widened contract: $(cat "$word.text")"
done
expect wide.json '"call": "aten::linear", "times": 2, "operands": ["input [2, *, 8] float32 cpu", "weight [*, 8] float32 cpu"'
"$shapebox" assert wide.json half >half.text && wrong "a widened contract takes what no run did"
expect half.text 'where the contract has float32'
cp wide.json again.json
"$shapebox" assert --widen again.json healthy >again.out
expect again.out 'nothing had to be widened'
"$shapebox" assert --lang zh wide.json half >half.zh || true
expect half.zh '偏离'
expect half.zh '而契约中是 float32'
"$shapebox" assert --lang zh wide.json half --json | grep -q 'where the contract has float32' || wrong "JSON is translated"

# What is no contract is said before anything is started.
echo '{"contract": 1, "calls": [{"at": "a.py:1 f", "call": "aten::add", "times": 1, "operands": ["self [2,, 3] float32 cpu"]}]}' >broken.json
echo '{' >cut.json
for file in broken.json cut.json nowhere.json; do
	status=0
	"$shapebox" run --assert "$file" -- touch started >out 2>err || status=$?
	[ "$status" = 2 ] && [ ! -e started ] && [ "$(wc -l <err)" = 1 ] || wrong "$file: status $status"
	expect err "$file"
done
[ "$bad" = 0 ]
