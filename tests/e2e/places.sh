#!/bin/bash
# places.sh BUILD: where `run` puts a trace, and what it says where it can't; a program's status stays its own. The program is
# tests/kills/host.c on the fake CUDA stack (`make fake`).
set -eu
case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
here=$(cd "$(dirname "$0")/.." && pwd)
shapebox=$build/shapebox
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -std=c11 -D_GNU_SOURCE -O2 -o "$work/host" "$here/kills/host.c" "$build/fake/libcudart.so.13" "$build/fake/libcuda.so.1"
cd "$work"
head -c 8 /dev/zero >counter
export LD_LIBRARY_PATH=$build/fake TMPDIR=$work/temporary SHAPEBOX_SIZE=1M WORK=$work SHAPEBOX=$shapebox
unset SHAPEBOX_OUTPUT SHAPEBOX_LOCAL SLURM_JOB_ID PBS_JOBID LSB_JOBID MASTER_ADDR MASTER_PORT
mkdir here temporary
bad=0

complain() {
	echo "$*"
	bad=$((bad + 1))
	[ ! -s err ] || sed 's/^/  /' err
}

# recorded WHAT DIRECTORY OPTIONS...: run in `here`, quietly; the trace is in DIRECTORY (a pattern), which is whole.
recorded() {
	local what=$1 wanted=$2 status=0 trace
	shift 2
	(cd here && "$shapebox" run --quiet "$@" -- "$work/host" "$work/counter" 100) >out 2>err || status=$?
	[ $status = 0 ] && grep -q -x '100 launches' out || complain "$what: the program ended with status $status"
	trace=$(compgen -G "$wanted" | xargs -r -d '\n' ls -1td | head -n 1) # /tmp may hold others' traces, too
	[ "$trace" ] || { complain "$what: no $wanted"; return 0; }
	[ "$(cat "$trace/.gitignore")" = '*' ] || complain "$what: no .gitignore"
	[ "$(stat -c %a "$trace")" = 700 ] || complain "$what: $(stat -c %a "$trace") for others"
	compgen -G "$trace/rank0-$(hostname)-*.db" >/dev/null || complain "$what: no file with host and process: $(ls "$trace")"
	"$shapebox" report "$trace" --format json | grep -q '"status": "ok"' || complain "$what: no report"
}

said() { # WHAT LINES [TEXT...]: so many lines of ours, one of which has TEXT
	local what=$1 lines=$2
	shift 2
	[ "$(grep -c '^shapebox: ' err || :)" = "$lines" ] || complain "$what: not $lines lines"
	for text; do grep -q -F -e "$text" err || complain "$what: not said: $text"; done
}

recorded "no option" 'here/shapebox-20*'
said "no option" 0
recorded "--output" here/wanted --output wanted
said "--output" 0
recorded "--output once more" here/wanted.2 --output wanted
said "--output once more" 1 "wanted exists and isn't empty: the trace goes to" wanted.2
recorded "with a slash, parents missing" here/a/b/c --output a/b/c/
mkdir here/empty
chmod 700 here/empty
recorded "an empty directory" here/empty --output empty
said "an empty directory" 0
echo text >here/file
recorded "a file of that name" here/file.2 --output file
[ "$(cat here/file)" = text ] || complain "a file of that name: it is lost"
SHAPEBOX_OUTPUT=named recorded "SHAPEBOX_OUTPUT" here/named
SHAPEBOX_OUTPUT=named recorded "--output and SHAPEBOX_OUTPUT" here/chosen --output chosen
[ ! -e here/named.2 ] || complain "--output and SHAPEBOX_OUTPUT: both"
recorded "--output that can't be made" 'temporary/shapebox-20*' --output /proc/no/such
said "--output that can't be made" 1 "/proc/no/such can't be made" "the trace goes to $work/temporary"
TMPDIR=/proc/none recorded "nor in TMPDIR" '/tmp/shapebox-20*' --output /proc/no/such
said "nor in TMPDIR" 1 "the trace goes to /tmp/shapebox-20"
rm -rf "$(sed -n 's/.*the trace goes to //p' err)"

# Several hosts' commands of one job share a directory while the first of them runs.
mkfifo wait
(cd here && SLURM_JOB_ID=7 exec "$shapebox" run --quiet --output job -- sh -c '"$WORK/host" "$WORK/counter" 100; read -r x <"$WORK/wait"') >out 2>err &
first=$!
for _ in $(seq 100); do grep -q launches out && [ -e here/job/run.json ] && break; sleep 0.1; done
SLURM_JOB_ID=7 recorded "the same job" here/job --output job
[ ! -e here/job.2 ] || complain "the same job: a directory of its own"
SLURM_JOB_ID=8 recorded "another job" here/job.2 --output job
echo >wait
wait $first || complain "the first command of the job: $?"
[ "$(ls here/job/*.db | wc -l)" = 2 ] || complain "the same job: not two processes: $(ls here/job)"
SLURM_JOB_ID=7 recorded "the same job, when it has ended" here/job.3 --output job

# A volume that went away before the end, and is back.
(cd here && "$shapebox" run --output away -- sh -c '"$WORK/host" "$WORK/counter" 100 && mv away out-of-reach') >out 2>err || complain "a volume that went away: status $?"
said "a volume that went away" 1 "what was recorded stays" "shapebox report away"
mv here/out-of-reach here/away
"$shapebox" report here/away --format json | grep -q '"status": "ok"' || complain "a volume that is back: no report"

# Nowhere to write at all; a disk that is full, small, or somebody else's.
if unshare --user --map-root-user --mount true 2>/dev/null; then
	status=0
	unshare --user --map-root-user --mount sh -c 'mount --make-rprivate / 2>/dev/null
		for at in / /tmp "$WORK" /dev/shm /var/tmp; do mount --bind "$at" "$at" 2>/dev/null && mount -o remount,bind,ro "$at"; done
		cd "$WORK/here" && exec "$SHAPEBOX" run -- "$WORK/host" "$WORK/counter" 100' >out 2>err || status=$?
	# (its counter can't be opened either: status 2 is the program's own)
	[ $status = 2 ] || complain "nowhere to write: status $status"
	said "nowhere to write" 1 "running without recording:"
	for size in 600k 64m; do
		status=0
		SIZE=$size unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size="$SIZE" tmpfs "$WORK/here" && cd "$WORK/here" || exit 9
			"$SHAPEBOX" run --quiet --output trace -- "$WORK/host" "$WORK/counter" 100 || exit
			ls -A "$WORK/temporary" >&2
			"$SHAPEBOX" report trace --format json' >json 2>err || status=$?
		[ $status = 0 ] && grep -q '"status": "ok"' json || complain "a volume of $size: status $status"
		! grep -q rank0 err || complain "a volume of $size: something is left in temporary space"
	done
else
	echo "skipped: nowhere to write, a full volume (no mount namespaces here)"
fi

[ "$bad" = 0 ]
