#!/bin/bash
# clusters.sh BUILD PYTHON PROGRAMS: where clusters put files and how they end processes. Each time the program's status is its own,
# and the report tells its failure.
set -eu
case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
case $2 in /*) python=$2 ;; *) python=$PWD/$2 ;; esac
case $3 in /*) programs=$3 ;; *) programs=$PWD/$3 ;; esac
program=$programs/dying.py
shapebox=$build/shapebox
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export OMP_NUM_THREADS=1 TMPDIR=$work
unset SHAPEBOX_OUTPUT SHAPEBOX_LOCAL
line=$(grep -n 'FAIL HERE' "$program" | cut -d: -f1)
bad=0

complain() {
	echo "$*"
	bad=$((bad + 1))
}

status_is() { # WANTED WHAT
	[ "$status" = "$1" ] || complain "$2: ended with status $status, not $1"
}

# told TRACE WHAT [RANK]: its report tells the failure of that rank (0).
told() {
	"$shapebox" report "$1" --format json >"$work/json" 2>"$work/err" || :
	told_by "$work/json" "$2" "${3:-0}"
}

told_by() { # JSON WHAT RANK
	"$python" - "$1" "$line" "$3" 2>"$work/why" <<'PYTHON' || { complain "$2: $(tail -n 1 "$work/why")"; cat "$work/err"; }
import json, sys
report = json.load(open(sys.argv[1]))
failure = report["failure"]
assert failure, "no failure"
assert failure["operation"] == "aten::cat", failure["operation"]
assert failure["where"]["line"] == int(sys.argv[2]), failure["where"]
assert failure["process"]["rank"] == int(sys.argv[3]), failure["process"]
sizes = [operand["shape"] for operand in failure["operands"] if operand["shape"]]
assert sizes == [[3, 4], [2, 5]], sizes
made = [(operand["origin"] or {}).get("operation") for operand in failure["operands"] if operand["shape"]]
assert made == ["aten::add", "aten::ones"], made
PYTHON
}

# started_and_failed TRACE OPTIONS...: the program in a session of its own, when it has failed and its end takes long.
started_and_failed() {
	mkfifo out
	setsid "$shapebox" run --quiet --output "$@" -- "$python" "$program" linger >out 2>err &
	session=$!
	read -r word <out || word=ended
	[ "$word" = failed ] || complain "$1: the program said $word"
	rm out
}

kill_session() { # everything of it at once, `run` included
	pkill -KILL -s "$session" || :
	wait "$session" 2>/dev/null || :
	for _ in $(seq 100); do # a killed process takes its time to go
		pgrep -s "$session" >/dev/null || break
		sleep 0.1
	done
}

# Boxes that lie apart: nothing of them is left, the trace is whole.
status=0
"$shapebox" run --quiet --output apart --local local -- "$python" "$program" fail >out.txt 2>err || status=$?
status_is 1 "apart"
told apart "apart"
[ -d local ] && [ -z "$(ls -A local)" ] || complain "apart: left $(ls -A local)"
[ "$(ls apart | grep -c -v -e '\.db$' -e '^run.json$')" = 0 ] || complain "apart: the trace holds $(ls apart)"

# A trace on a file system of FUSE, which no mapping is made on: the same, found out by itself; and after SIGKILL to everything.
mkdir fuse behind
if command -v bindfs >/dev/null && bindfs behind fuse 2>/dev/null; then
	export TMPDIR=$work/near
	mkdir near
	status=0
	"$shapebox" run --quiet --output fuse/apart -- "$python" "$program" fail >out.txt 2>err || status=$?
	status_is 1 "FUSE"
	told fuse/apart "FUSE"
	[ -z "$(ls -A near)" ] || complain "FUSE: left $(ls -A near)"
	started_and_failed fuse/killed
	[ -n "$(ls -A near)" ] || complain "FUSE: no box in local space"
	kill_session
	rm -rf near
	told fuse/killed "FUSE, SIGKILL, temporary space wiped"
	export TMPDIR=$work
	umount fuse
else
	echo "skipped: a trace on FUSE (no bindfs, or it can't be mounted here)"
fi

# Everything is killed at once, `run` as well; and the same where temporary space is wiped after that.
started_and_failed killed
kill_session
told killed "SIGKILL to the session"
cp json first
told killed "SIGKILL to the session, once more"
cmp -s json first || { complain "SIGKILL to the session: a second report differs"; diff json first | head; }
started_and_failed wiped --local local
[ -n "$(ls local)" ] || complain "wiped: no box in local space"
[ "$(stat -c %s wiped/*.box)" -le 4194304 ] || complain "wiped: more than 4 MB were copied"
"$shapebox" watch --once wiped >watch.txt 2>err || :
grep -q 'after aten::cat' watch.txt || { complain "wiped: watch doesn't find the box in local space"; cat watch.txt; }
kill_session
rm -rf local
told wiped "temporary space wiped"

# SIGTERM, then SIGKILL to the rank that doesn't mind it: by torchrun, and as DeepSpeed's launcher does.
status=0
"$shapebox" run --quiet --output torchrun -- "${python%/*}/torchrun" --nproc-per-node 2 --shutdown-timeout 1 --master-port 0 \
	"$program" ranks >out.txt 2>err || status=$?
status_is 1 "torchrun"
told torchrun "torchrun" 1
status=0
"$shapebox" run --quiet --output tree -- "$python" "$programs/tree_killer.py" "$program" ranks >out.txt 2>err || status=$?
status_is 1 "the tree killed"
told tree "the tree killed" 1

# A user without a name or a home.
if unshare --user --map-user=54321 true 2>/dev/null; then
	status=0
	unshare --user --map-user=54321 env -u HOME -u USER -u LOGNAME "$shapebox" run --quiet --output nobody -- "$python" "$program" fail \
		>out.txt 2>err || status=$?
	status_is 1 "a uid without passwd entry"
	told nobody "a uid without passwd entry"
else
	echo "skipped: a uid without passwd entry (no user namespaces here)"
fi

# A read-only root with one small writable volume: no file there may be mapped, so the box is memory and copies. And a full /dev/shm.
if unshare --user --map-root-user --mount true 2>/dev/null; then
	mkdir volume
	status=0
	SHAPEBOX=$shapebox PYTHON=$python PROGRAM=$program unshare --user --map-root-user --mount sh -ec '
		mount -t tmpfs -o size=64m tmpfs volume
		mount -t tmpfs -o size=64m tmpfs /dev/shm
		head -c 64M /dev/zero >/dev/shm/full 2>/dev/null || :
		mount -o remount,bind,ro /
		cd volume
		status=0
		"$SHAPEBOX" run --quiet -- "$PYTHON" "$PROGRAM" fail 2>err || status=$?
		cat err >&2
		[ $status = 1 ] || exit 3
		ls -A shapebox-*/ >&2
		"$SHAPEBOX" report --format json' >json 2>err || status=$?
	status_is 1 "read-only root"
	told_by json "read-only root" 0
	status=0
	SHAPEBOX=$shapebox PYTHON=$python PROGRAM=$program unshare --user --map-root-user --mount sh -ec '
		mount -t tmpfs -o size=64m tmpfs /dev/shm
		head -c 64M /dev/zero >/dev/shm/full 2>/dev/null || :
		"$SHAPEBOX" run --quiet --output /dev/shm/trace -- "$PYTHON" "$PROGRAM" fail' >out.txt 2>err || status=$?
	status_is 1 "a full /dev/shm"
	[ "$(grep -c 'the trace goes to' err)" = 1 ] || { complain "a full /dev/shm: not said"; cat err; }
	told "$(ls -d "$work"/shapebox-*-* | head -n 1)" "a full /dev/shm"
else
	echo "skipped: a read-only root, a full /dev/shm (no mount namespaces here)"
fi

[ "$bad" = 0 ]
