#!/bin/sh
# matrix.sh BUILD [TORCH:PYTHON...]: the end-to-end cases that need PyTorch alone, on other versions of PyTorch and Python.
# A venv for each, one after another, removed afterwards (up to 8 GB while it is there).
# A Python that isn't on this machine, or a wheel that doesn't exist, is said and skipped.
# MATRIX_CASES: other cases. MATRIX_VENV: use this venv, install nothing. Prints one line for each version, then
# "N passed, N failed" of the versions; what each printed is in BUILD/matrix/.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
[ $# -gt 0 ] || set -- 2.1.2:3.10 2.3.1:3.11 2.4.1:3.11 2.5.1:3.12 2.6.0:3.12 2.9.1:3.13 2.13.0:3.10 2.13.0:3.14 2.14.1:3.11 newest:3.13
here=$PWD
work=$here/$build/matrix
mkdir -p "$work"
passed=0
failed=0

# Programs that import nothing but PyTorch.
plain_cases() {
	for file in tests/e2e/cases/*.case; do
		program=$(sed -n 's/^program: *\([^ ]*\).*/\1/p' "$file" | head -n 1)
		case $program in *.py) ;; *) continue ;; esac
		grep -qE 'transformers|peft|accelerate|tiny_vlm|datasets|deepspeed|ray|swift|trl|pytest|ipykernel' "tests/programs/$program" "$file" ||
			basename "$file" .case
	done
}

find_python() { # VERSION: the newest patch of it that is here
	for python in "python$1" "$HOME"/.pyenv/versions/"$1".*/bin/python /opt/python*"$1"*/bin/python; do
		"$python" -c 'import venv' 2>/dev/null && { command -v "$python"; return; }
	done
	return 1
}

version() { # TORCH PYTHON
	name=torch-$1-python-$2
	venv=${MATRIX_VENV:-$work/venv}
	if [ -z "${MATRIX_VENV:-}" ]; then
		python=$(find_python "$2") || { printf 'skipped %s: no python%s here\n' "$name" "$2"; return; }
		rm -rf "$venv"
		"$python" -m venv "$venv"
		which=torch==$1
		[ "$1" != newest ] || which=torch
		if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir "$which" "numpy$(old "$1" && echo '<2')" >"$work/$name.pip" 2>&1; then
			printf 'skipped %s: %s\n' "$name" "$(grep -m 1 ERROR "$work/$name.pip" || tail -n 1 "$work/$name.pip")"
			rm -rf "$venv"
			return
		fi
	fi
	"$build/shapebox" doctor --python "$venv/bin/python" >"$work/$name.doctor" 2>&1 || true
	# shellcheck disable=SC2046
	if "$build/tests/runner" --build "$here/$build" --python "$venv/bin" --programs "$here/tests/programs" --cases "$here/tests/e2e/cases" \
		--work "$work/e2e" --result "$work/$name.result" ${MATRIX_CASES:-$(plain_cases)} >"$work/$name.out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	[ ! -f "$work/$name.result" ] || printf '%s: %s of the cases passed, %s failed: %s\n' "$name" $(cat "$work/$name.result") \
		"$(sed -n 's/^FAILED *\([^ :]*\).*/\1/p' "$work/$name.out" | sort -u | tr '\n' ' ')"
	[ -n "${MATRIX_VENV:-}" ] || rm -rf "$venv"
}

old() { # TORCH: from before NumPy 2
	case $1 in 2.[0-2].*) true ;; *) false ;; esac
}

for pair in "$@"; do
	version "${pair%:*}" "${pair#*:}"
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
