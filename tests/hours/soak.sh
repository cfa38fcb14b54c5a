#!/usr/bin/env bash
# soak.sh BUILD PYTHON [PART [NAME...]]: the long tests, one after the other, those of PART, those NAMEs of it.
# What has passed is a line "PART NAME" of BUILD/soak.passed and is not run again; remove the file to begin anew.
# Ends with 1 if something failed; the last line says how much passed, failed, and had passed before.
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/${1#"$PWD/"}
python=$2
shift 2
only=${1:-}
[ $# -eq 0 ] || shift
names=" $* "
record=$build/soak.passed
cases=$PWD/tests/e2e/cases
mkdir -p "$build/soak"
touch "$record"
passed=0
failed=0
before=0

# item PART NAME COMMAND...: its output goes to BUILD/soak/PART.NAME.log and is shown where it fails.
item() {
	local part=$1 name=$2 log=$build/soak/$1.$2.log start=$SECONDS
	shift 2
	case $names in "  " | *" $name "*) ;; *) return 0 ;; esac
	if grep -q -x -F -e "$part $name" "$record"; then
		before=$((before + 1))
		return 0
	fi
	if "$@" >"$log" 2>&1; then
		printf 'ok      %-10s %-28s %5s s\n' "$part" "$name" $((SECONDS - start))
		printf '%s %s\n' "$part" "$name" >>"$record"
		passed=$((passed + 1))
	else
		printf 'FAILED  %-10s %-28s %5s s\n' "$part" "$name" $((SECONDS - start))
		tail -n 40 "$log"
		failed=$((failed + 1))
	fi
}

case_run() { # CASES NAME [OPTION...]: one case, and no other whose name begins so
	local directory=$1 name=$2
	shift 2
	"$build/tests/runner" --build "$build" --python "${python%/*}" --programs "$PWD/tests/programs" --cases "$directory" \
		--work "$build/soak/e2e" "$@" "$name.case"
}

list_cases() { # DIRECTORY [WORD]: those that have a line WORD
	(cd "$1" && grep -l "${2:-^program:}" -- *.case) | sed 's/\.case$//'
}

# --- parts --------------------------------------------------------------------------------------

part_long() { # a million shapes, 1,208 workers, healthy trainings
	for name in $(list_cases tests/hours/cases); do item long "$name" case_run "$PWD/tests/hours/cases" "$name"; done
}

part_cases() { # every case whole: without shapebox, too, and fixed
	for name in $(list_cases "$cases"); do item cases "$name" case_run "$cases" "$name" --whole; done
}

part_steps() { # 20,000 healthy steps before every failure
	[ "$names" != "  " ] || "$python" tests/hours/hours.py "$build" left-out
	for name in $("$python" tests/hours/hours.py "$build" list); do
		item steps "$name" "$python" tests/hours/hours.py "$build" "${SOAK_STEPS:-20000}" "$name"
	done
}

part_same() { # programs bare and under the library
	item same all "$python" tests/same/run.py "$build" all
}

part_faults() { # every call of ours fails once, and for ever
	for name in plain cuda torch fold; do item faults "$name" "$python" tests/faults/run.py "$build" "$name"; done
}

part_kills() { # SIGKILL at random moments
	item kills cuda "$python" tests/kills/run.py "$build" 1000
	item kills forks "$python" tests/kills/forks.py "$build" 10000
	item kills training bash tests/kills/training.sh "$build" "$python" "${SOAK_KILLS:-1000}"
}

parts="long cases steps same faults kills"
case " $parts " in *" ${only:-long} "*) ;; *) echo "soak: no part $only; there are: $parts" >&2; exit 2 ;; esac
for part in ${only:-$parts}; do "part_$part"; done
printf 'soak: %s passed, %s failed, %s had passed before\n' "$passed" "$failed" "$before"
[ "$failed" = 0 ] && [ $((passed + before)) != 0 ]
