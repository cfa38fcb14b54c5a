#!/usr/bin/env bash
# Builds shapebox, tests it, shows it. `./build.sh help` lists the words.
# Works from a fresh Debian 12 or Ubuntu 22.04/24.04: what is missing is installed first.
set -eu
cd "$(dirname "$0")"

ROOT=$PWD
BUILD=build
VENV=$ROOT/$BUILD/venv
JOBS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

step() { printf '== %s\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

usage() {
	cat <<'TEXT'
usage: ./build.sh [WORD]
  (none)    build: build/shapebox and build/libshapebox.so
  demo      build, run the main job (a Qwen2-VL that fails) and print its report
  test      build, run every test; ends with "N passed, N failed" (test NAME...: these end-to-end cases only)
  install   copy bin/shapebox and lib/libshapebox.so below PREFIX (default /usr/local; DESTDIR is honoured)
  test-page pages of real failures, opened and looked at in headless Chromium (needs Node's npm; pictures: build/page)
  wheel     build/packages/shapebox-*.whl, for pip: any x86-64 Linux with glibc 2.28 or newer, any Python 3.8 or newer
  deb       build/packages/shapebox_*.deb, for apt and dpkg; checked by lintian where there is one
  test-launchers LLaMA-Factory's and ms-swift's commands, DeepSpeed, Ray, datasets, notebooks, pytest; py-spy and memray beside us (packages, once,
            into build/venv-launchers; beside build/venv)
  test-cuda real PyTorch with CUDA on a fake CUDA stack (5.5 GB of packages, once, into build/venv-cuda)
  test-gpu  the same on a real device, with cuBLAS, cuDNN, NCCL and Triton; "skipped: no GPU" without one
  test-arm  the library for aarch64, built here, run under QEMU on the fake CUDA stack
  asan      unit and end-to-end tests with AddressSanitizer and UndefinedBehaviorSanitizer
  tsan      unit tests with ThreadSanitizer
  valgrind  all unit tests under valgrind (minutes)
  analyze   GCC's analyzer and cppcheck over all C: neither says anything
  coverage  lines of libshim/ and schema/ that run in the tests, file by file; at least 90 % (coverage CASE...: with these cases alone)
  fuzz      boxes, databases and reports by libFuzzer, with sanitizers (fuzz SECONDS: 600; needs clang)
  bench     what recording costs, beside no recording and PyTorch's own tools (bench SECTION...: see tests/bench/bench.sh)
  soak      the long tests (hours): 20,000 healthy steps before every failure, a million shapes, 1,200 workers,
            every call of ours failing, a thousand SIGKILLs at random moments (soak PART [NAME...]: launchers, long, cases,
            steps, same, faults, kills); what has passed is in build/soak.passed and not run again
  screen    put the demo's report into README.md
  clean     remove what was built (build/venv stays; `clean all` removes it too)
  help      this text
TEXT
}

# --- packages -------------------------------------------------------------------------------

have_tool() { command -v "$1" >/dev/null 2>&1; }
have_static() { # HEADER ARCHIVE
	have_tool gcc && printf '#include <stdio.h>\n#include <%s>\n' "$1" | gcc -E - >/dev/null 2>&1 &&
		case $(gcc -print-file-name="$2") in /*) true ;; *) false ;; esac
}

is_there() { # PACKAGE
	case $1 in
	gcc | make | sqlite3 | npm | chromium | clang | cppcheck | valgrind) have_tool "$1" ;;
	gcc-aarch64-linux-gnu) have_tool aarch64-linux-gnu-gcc ;;
	libc6-dev-arm64-cross) [ -f /usr/aarch64-linux-gnu/include/stdio.h ] ;;
	qemu-user) have_tool qemu-aarch64 ;;
	libclang-rt-dev) have_tool clang && echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | clang -w -fsanitize=fuzzer,address -xc - -o /dev/null 2>/dev/null ;;
	libc6-dev) have_tool gcc && printf '#include <stdio.h>\n' | gcc -E - >/dev/null 2>&1 ;;
	libsqlite3-dev) have_static sqlite3.h libsqlite3.a ;;
	zlib1g-dev) have_static zlib.h libz.a ;;
	libjansson-dev) have_static jansson.h libjansson.a ;;
	libcunit1-dev) have_static CUnit/CUnit.h libcunit.a ;;
	binutils) have_tool nm && have_tool readelf ;;
	python3) have_tool python3 ;;
	python3-venv) have_tool python3 && python3 -c 'import venv, ensurepip' >/dev/null 2>&1 ;;
	*) fail "no probe for package $1" ;;
	esac
}

missing() {
	for package in "$@"; do
		is_there "$package" || printf '%s ' "$package"
	done
}

need() { # PACKAGE...: installs what isn't there; says what it could not install
	local lacking as_root=""
	lacking=$(missing "$@")
	[ -n "$lacking" ] || return 0
	step "install: $lacking"
	if [ "$(id -u)" != 0 ]; then
		if have_tool sudo; then as_root=sudo; else echo "build.sh: neither root nor sudo: cannot install packages" >&2; fi
	fi
	if have_tool apt-get; then
		if [ "$(id -u)" = 0 ] || [ -n "$as_root" ]; then
			$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q || echo "build.sh: apt-get update failed; going on" >&2
			# shellcheck disable=SC2086
			$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $lacking || true
		fi
	else
		echo "build.sh: no apt-get here: cannot install packages" >&2
	fi
	lacking=$(missing "$@")
	[ -z "$lacking" ] || fail "could not install: $lacking(install them by hand, then run this again)"
}

need_build() { need gcc libc6-dev make binutils libsqlite3-dev libjansson-dev zlib1g-dev; }
need_tests() { need gcc libc6-dev make binutils sqlite3 libsqlite3-dev libjansson-dev zlib1g-dev libcunit1-dev; }
need_bench() { need gcc libc6-dev make sqlite3 libsqlite3-dev libjansson-dev zlib1g-dev; }

# --- steps ----------------------------------------------------------------------------------

compile() { # [MAKE ARGUMENTS...]
	step "compile: $*"
	make --no-print-directory -j"$JOBS" "$@"
}

make_venv() {
	need python3 python3-venv
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || fail "python3 is older than 3.10: $(python3 -V)"
	local want
	want="$(python3 -c 'import sys; print(sys.version)' | tr '\n' ' ') $(cksum <tests/requirements.txt) $VENV"
	if [ -f "$VENV/.made-from" ] && [ "$(cat "$VENV/.made-from")" = "$want" ]; then
		return 0
	fi
	step "python packages: tests/requirements.txt -> build/venv (once)"
	rm -rf "$VENV"
	mkdir -p "$BUILD"
	python3 -m venv "$VENV"
	"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	printf '%s\n' "$want" >"$VENV/.made-from"
}

run_demo() { # the main job, as a user would run it; its report is in build/demo/screen.txt
	local status=0
	step "demo: shapebox run -- python tests/programs/qwen2vl_mask.py"
	rm -rf "$BUILD/demo"
	mkdir -p "$BUILD/demo"
	(cd "$BUILD/demo" && HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 ../shapebox run --quiet --output trace -- \
		"$VENV/bin/python" "$ROOT/tests/programs/qwen2vl_mask.py") || status=$?
	[ "$status" = 1 ] || fail "the demo's program was to end with status 1, not $status"
	step "demo: shapebox report"
	status=0
	(cd "$BUILD/demo" && ../shapebox report trace) >"$BUILD/demo/screen.txt" || status=$?
	cat "$BUILD/demo/screen.txt"
	[ "$status" = 1 ] || fail "the report was to find one failure (status 1), not $status"
}

PASSED=0
FAILED=0
count() { PASSED=$((PASSED + $1)); FAILED=$((FAILED + $2)); }

run_units() { # BUILD [COMMAND...]: with COMMAND in front of each
	local build=$1 binary output status passed failed
	shift
	for binary in "$build"/tests/test_*; do
		[ -x "$binary" ] && [ -f "$binary" ] || continue
		step "unit: ${binary##*/}"
		status=0
		output=$(timeout 900 "$@" "$binary" 2>&1) || status=$?
		printf '%s\n' "$output"
		passed=$(printf '%s\n' "$output" | awk '$1 == "tests" && $2 ~ /^[0-9]+$/ { print $4 }')
		failed=$(printf '%s\n' "$output" | awk '$1 == "tests" && $2 ~ /^[0-9]+$/ { print $5 }')
		if [ -z "$passed" ] || { [ "$status" != 0 ] && [ "${failed:-0}" = 0 ]; }; then
			printf 'FAILED %s: ended with status %s\n' "${binary##*/}" "$status"
			failed=$((${failed:-0} + 1))
		fi
		count "${passed:-0}" "${failed:-0}"
	done
}

run_check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		printf 'ok      check %s\n' "$name"
		count 1 0
	else
		printf 'FAILED  check %s\n' "$name"
		count 0 1
	fi
}

# begin_check NAME COMMAND...: run_check beside others, as many at once as there are processors; what it prints comes when it is
# done. await_checks counts them: those of which nothing was heard have failed.
BEGUN=0
begin_check() {
	[ $BEGUN != 0 ] || : >"$BUILD/checks.passed"
	while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done
	BEGUN=$((BEGUN + 1))
	{
		PASSED=0
		run_check "$@" >"$BUILD/check.$BEGUN.log" 2>&1
		cat "$BUILD/check.$BEGUN.log"
		[ $PASSED = 0 ] || echo "$1" >>"$BUILD/checks.passed"
	} &
}

await_checks() {
	local passed
	wait
	passed=$(wc -l <"$BUILD/checks.passed")
	count "$passed" $((BEGUN - passed))
	BEGUN=0
}

run_cases() { # BUILD [RUNNER ARGUMENTS...]
	local build=$1 status=0 result
	shift
	result=$BUILD/e2e.result
	rm -f "$result"
	"$build/tests/runner" --build "$ROOT/$build" --python "$VENV/bin" --programs "$ROOT/tests/programs" \
		--cases "$ROOT/tests/e2e/cases" --work "$ROOT/$BUILD/e2e" --result "$result" "$@" || status=$?
	if [ -f "$result" ]; then
		read -r passed failed <"$result"
		count "$passed" "$failed"
	else
		printf 'FAILED  end-to-end runner: ended with status %s\n' "$status"
		count 0 1
	fi
}

closing() {
	printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
	[ "$FAILED" = 0 ] && [ "$PASSED" != 0 ]
}

# --- words ----------------------------------------------------------------------------------

word_build() {
	need_build
	compile all
	step "done: $BUILD/shapebox, $BUILD/libshapebox.so"
}

word_test() {
	need_tests
	compile all tests fake
	make_venv
	if [ $# -gt 0 ]; then
		run_cases "$BUILD" --whole "$@"
		closing
		return
	fi
	run_units "$BUILD"
	step "checks"
	begin_check "library exports its hooks and needs libc alone" sh tests/e2e/exports.sh "$BUILD/libshapebox.so"
	begin_check "both files run with glibc $(oldest_glibc)" sh tests/e2e/glibc.sh "$(oldest_glibc)" "$BUILD/shapebox" "$BUILD/libshapebox.so"
	begin_check "manual page and completions agree with --help" sh tests/e2e/manual.sh "$BUILD"
	begin_check "the wheel, in a fresh venv" check_wheel
	begin_check "the Debian package" check_deb
	begin_check "commands in the documents are real" sh tests/e2e/docs.sh "$BUILD"
	begin_check "the recipes that are marked run" sh tests/e2e/recipes.sh "$BUILD" "$VENV/bin/python"
	begin_check "a page without a browser" sh tests/e2e/page.sh "$BUILD" "$VENV/bin/python" "$ROOT/tests/programs"
	begin_check "reports say everything in the language that is set" python3 tests/e2e/said.py
	begin_check "nothing built names this folder" sh tests/e2e/paths.sh "$BUILD" "$ROOT"
	begin_check "what is wrong is said and named" sh tests/e2e/usage.sh "$BUILD"
	begin_check "hostile traces are refused or shown inert" "$VENV/bin/python" tests/hostile/run.py "$BUILD"
	begin_check "healthy runs keep their contract, others depart" sh tests/e2e/assert.sh "$BUILD" "$VENV/bin/python" "$ROOT/tests/programs"
	begin_check "files changed at random are read or refused" fuzz_rounds "$BUILD" 1500
	begin_check "kills, cuts, folds at once, and what may be lacking" "$VENV/bin/python" tests/kills/run.py "$BUILD" 100
	begin_check "no secret is stored" sh tests/e2e/secrets.sh "$BUILD" "$VENV/bin/python" "$ROOT/tests/programs"
	begin_check "why nothing was recorded, and env" sh tests/e2e/nothing.sh "$BUILD" "$VENV/bin/python"
	begin_check "where run puts a trace" bash tests/e2e/places.sh "$BUILD"
	begin_check "where clusters put files, how they end processes" bash tests/e2e/clusters.sh "$BUILD" "$VENV/bin/python" "$ROOT/tests/programs"
	begin_check "a moved folder works" sh tests/e2e/moved.sh "$BUILD" "$VENV/bin/python"
	begin_check "CUDA calls are counted as the fake stack counts them" sh tests/fake/run.sh "$BUILD"
	begin_check "every function of CUDA is wrapped or left out for a reason" sh tests/symbols/check.sh
	begin_check "identities against the allocator's" sh tests/identity/run.sh "$BUILD" "$VENV/bin/python"
	begin_check "a call of ours that fails hurts nobody (a sample)" "$VENV/bin/python" tests/faults/run.py "$BUILD" plain:1 cuda:20 torch:150 fold:50
	begin_check "failures are the same after 2,000 healthy steps" "$VENV/bin/python" tests/hours/hours.py "$BUILD" 2000 \
		family_add family_linear handled_then_fatal
	await_checks
	step "end to end"
	run_cases "$BUILD"
	step "demo's screen in README.md"
	run_check "README shows the demo's screen" check_screen
	begin_check "a bundle names nobody, and reads like its trace" sh tests/e2e/bundle.sh "$BUILD" "$VENV/bin/python" "$BUILD/demo/trace"
	begin_check "manners on a terminal and in a pipe" sh tests/e2e/manners.sh "$BUILD" "$VENV/bin/python" "$BUILD/demo/trace"
	begin_check "Ctrl-C leaves no half-folded trace" sh tests/e2e/interrupted.sh "$BUILD" "$VENV/bin/python"
	begin_check "English and Chinese" sh tests/e2e/language.sh "$BUILD" "$VENV/bin/python" "$BUILD/demo/trace"
	await_checks
	closing
}

oldest_glibc() { sed -n 's/^GLIBC_OLDEST = //p' Makefile; }

check_wheel() {
	local wheel
	wheel=$(make_wheel) && sh tests/e2e/wheel.sh "$wheel" "$VENV" "$ROOT/tests/programs/qwen2vl_mask.py"
}

check_deb() {
	local package
	have_tool dpkg-deb || { echo "no dpkg-deb here"; return 0; }
	package=$(make_deb) && sh tests/e2e/deb.sh "$package"
}

check_screen() {
	(run_demo) && sh tests/e2e/screen.sh compare README.md "$BUILD/demo/screen.txt"
}

word_test_page() {
	need_build
	need npm chromium
	compile all
	make_venv
	step "pages in Chromium"
	run_check "pages in Chromium" sh tests/page/run.sh "$BUILD" "$VENV/bin/python" "$ROOT/tests/programs" "$(command -v chromium)"
	closing
}

word_demo() {
	need_build
	compile all
	make_venv
	run_demo
}

word_screen() {
	word_demo
	sh tests/e2e/screen.sh update README.md "$BUILD/demo/screen.txt"
}

word_install() {
	need_build
	compile all
	local prefix=${DESTDIR:-}${PREFIX:-/usr/local} as_root="" file
	step "install: $prefix/bin/shapebox, $prefix/lib/libshapebox.so"
	if ! mkdir -p "$prefix/bin" "$prefix/lib" 2>/dev/null || ! [ -w "$prefix/bin" ] || ! [ -w "$prefix/lib" ]; then
		have_tool sudo || fail "$prefix can't be written, and there is no sudo"
		as_root=sudo
	fi
	sh packaging/tree.sh "$BUILD" "$BUILD/tree"
	$as_root install -d "$prefix/bin" "$prefix/lib"
	$as_root install -m 755 "$BUILD/shapebox" "$prefix/bin/shapebox"
	$as_root install -m 755 "$BUILD/libshapebox.so" "$prefix/lib/libshapebox.so"
	(cd "$BUILD/tree" && find share -type f) | while read -r file; do
		$as_root install -D -m 644 "$BUILD/tree/$file" "$prefix/$file"
	done
}

package_version() { sed -n 's/^#define SHAPEBOX_VERSION "\([^"]*\)".*/\1/p' viewer/commands/command.h; }

# (Each has a tree of its own: the tests make both at once.)
make_wheel() {
	need python3
	sh packaging/tree.sh "$BUILD" "$BUILD/tree.wheel"
	python3 packaging/wheel.py "$BUILD/tree.wheel" "$(package_version)" LICENSE "$BUILD/packages"
}

make_deb() {
	have_tool dpkg-deb || fail "no dpkg-deb here: a Debian package is made on Debian or Ubuntu"
	sh packaging/tree.sh "$BUILD" "$BUILD/tree.deb"
	sh packaging/deb.sh "$BUILD/tree.deb" "$(package_version)" LICENSE "$BUILD/packages"
}

word_wheel() {
	need_build
	compile all
	step "wheel"
	make_wheel
}

word_deb() {
	local package
	need_build
	compile all
	step "deb"
	package=$(make_deb)
	printf '%s\n' "$package"
	if have_tool lintian; then
		lintian --fail-on error,warning "$package"
	else
		echo "build.sh: no lintian here: not checked"
	fi
}

make_venv_cuda() {
	need python3 python3-venv
	[ ! -f "$BUILD/venv-cuda/.complete" ] || return 0
	step "python packages: torch with CUDA -> build/venv-cuda (once)"
	rm -rf "$BUILD/venv-cuda"
	python3 -m venv "$BUILD/venv-cuda"
	"$BUILD/venv-cuda/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.14.1 numpy
	touch "$BUILD/venv-cuda/.complete"
}

# Its packages lie upon those of build/venv, which it sees: torch is there once. All versions are pinned and nothing is resolved,
# since some of these packages ask for versions of others that exclude each other, and work with those that are listed.
make_venv_launchers() {
	make_venv
	local venv=$ROOT/$BUILD/venv-launchers want site
	want="$(cat "$VENV/.made-from") $(cksum <tests/requirements-launchers.txt) $venv"
	if [ -f "$venv/.made-from" ] && [ "$(cat "$venv/.made-from")" = "$want" ]; then
		return 0
	fi
	step "python packages: tests/requirements-launchers.txt -> build/venv-launchers (once)"
	rm -rf "$venv"
	"$VENV/bin/python" -m venv "$venv"
	site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	"$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/build-venv.pth"
	DS_BUILD_OPS=0 "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r tests/requirements-launchers.txt
	rm -f "$site"/torchaudio/lib/*.so # linked against CUDA; LLaMA-Factory imports it, which works without
	printf '#!%s\nfrom torch.distributed.run import main\nmain()\n' "$venv/bin/python" >"$venv/bin/torchrun"
	chmod +x "$venv/bin/torchrun"
	printf '%s\n' "$want" >"$venv/.made-from"
}

word_test_launchers() { # [NAME...]
	need_tests
	compile all tests
	make_venv_launchers
	step "end to end: cases that need packages of their own"
	VENV=$ROOT/$BUILD/venv-launchers run_cases "$BUILD" --needing --jobs 1 "$@"
	[ $# -gt 0 ] || run_check "started with py-spy, memray, gdb and the like" "$BUILD/venv-launchers/bin/python" tests/same/run.py "$BUILD" tools
	closing
}

word_test_cuda() {
	need_tests
	compile all tests fake
	make_venv_cuda
	run_check "PyTorch with CUDA on the fake stack" sh tests/fake/torch.sh "$BUILD" "$ROOT/$BUILD/venv-cuda/bin/python"
	closing
}

word_test_gpu() {
	if [ ! -e /dev/nvidiactl ]; then
		echo "skipped: no GPU"
		return
	fi
	need_tests
	compile all tests
	make_venv_cuda
	run_check "PyTorch with CUDA on a GPU" sh tests/gpu/gpu.sh "$BUILD" "$ROOT/$BUILD/venv-cuda/bin/python"
	closing
}

word_test_arm() {
	need_tests
	need gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
	compile viewer
	compile BUILD=$BUILD/arm CC=aarch64-linux-gnu-gcc library fake
	run_check "CUDA calls are counted as the fake stack counts them, on aarch64" sh tests/fake/run.sh "$BUILD/arm" aarch64-linux-gnu-gcc \
		"qemu-aarch64 -L /usr/aarch64-linux-gnu" "$ROOT/$BUILD/shapebox"
	closing
}

word_asan() {
	need_tests
	compile BUILD=$BUILD/asan SANITIZE=address,undefined \
		LIB_SANITIZE="-fsanitize=undefined -fsanitize-undefined-trap-on-error" all tests
	make_venv
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	# verify_asan_link_order: the viewer's own children run under the library's preload, which comes first.
	export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99:verify_asan_link_order=0
	run_units "$BUILD/asan"
	run_check "files changed at random" fuzz_rounds "$BUILD/asan" 5000
	step "end to end, viewer and library with sanitizers"
	run_cases "$BUILD/asan" "$@"
	closing
}

fuzz_rounds() { # BUILD ROUNDS [NUMBER]
	local status=0
	rm -rf "$BUILD/seeds"
	sh tests/fuzz/seeds.sh "$1" "$BUILD/seeds"
	"$1/tests/fuzz" "$BUILD/seeds" "$2" "${3:-1}" || status=$?
	[ "$status" = 0 ] || echo "fuzz: ended with $status; what fell is in the directory that it named"
	return "$status"
}

word_fuzz() {
	need_tests
	need clang libclang-rt-dev # without the latter, clang has no sanitizers
	compile all tests
	compile BUILD=$BUILD/fuzzer CC=clang FUZZER=1 WARN=-w SANITIZE=address,undefined,fuzzer-no-link "$BUILD/fuzzer/tests/fuzz"
	rm -rf "$BUILD/seeds"
	sh tests/fuzz/seeds.sh "$BUILD" "$BUILD/seeds"
	mkdir -p "$BUILD/corpus" "$BUILD/crashes"
	step "fuzz: ${1:-600} s; what falls goes to $BUILD/crashes"
	run_check "libFuzzer, ${1:-600} s" "$BUILD/fuzzer/tests/fuzz" -max_total_time="${1:-600}" -timeout=20 -rss_limit_mb=1024 -max_len=400000 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix="$BUILD/crashes/" "$BUILD/corpus" "$BUILD/seeds"
	closing
}

word_tsan() {
	need_tests
	compile BUILD=$BUILD/tsan SANITIZE=thread tests
	export TSAN_OPTIONS=halt_on_error=1:exitcode=98
	run_units "$BUILD/tsan"
	closing
}

word_valgrind() {
	need_tests
	need valgrind
	compile all tests
	# Forked children end under it, too: a complaint in one of them is its own status. Leaks: tests end by signals, and free nothing.
	export UNDER_VALGRIND=1
	run_units "$BUILD" valgrind -q --error-exitcode=97 --leak-check=no --suppressions=tests/valgrind.supp
	closing
}

word_analyze() {
	need_build
	need cppcheck
	compile all
	sh tests/analyze.sh "$BUILD" "$JOBS"
}

run_for_lines() { "$@" >/dev/null 2>&1 || true; }

word_coverage() { # [CASE...]
	need_tests
	compile BUILD=$BUILD/coverage COVERAGE=1 all tests fake
	make_venv
	find "$BUILD/coverage" -name '*.gcda' -delete
	run_units "$BUILD/coverage"
	step "checks"
	run_check "CUDA calls are counted as the fake stack counts them" sh tests/fake/run.sh "$BUILD/coverage"
	run_check "files changed at random" fuzz_rounds "$BUILD/coverage" 300
	run_check "why nothing was recorded, and env" sh tests/e2e/nothing.sh "$BUILD/coverage" "$VENV/bin/python"
	# For their lines alone: where there is no room, no descriptor, no place to write, the counters can't be written either, and say so.
	run_for_lines bash tests/e2e/clusters.sh "$BUILD/coverage" "$VENV/bin/python" "$ROOT/tests/programs"
	run_for_lines "$VENV/bin/python" tests/kills/run.py "$BUILD/coverage" 20
	run_for_lines "$VENV/bin/python" tests/faults/run.py "$BUILD/coverage" cuda:10
	step "end to end"
	run_cases "$BUILD/coverage" "$@"
	step "lines that ran"
	run_check "at least 90 %" sh tests/coverage.sh "$BUILD/coverage"
	closing
}

word_bench() {
	need_bench
	compile all
	make_venv
	bash tests/bench/bench.sh "$BUILD" "$VENV/bin/python" "$@"
}

word_soak() { # [PART [NAME...]]
	need_tests
	compile all tests fake
	make_venv
	local status=0
	if [ "${1:-}" != launchers ]; then
		bash tests/hours/soak.sh "$BUILD" "$VENV/bin/python" "$@" || status=$?
	fi
	case ${1:-} in
	"") word_test_launchers ;;
	launchers) shift; word_test_launchers "$@" ;;
	esac
	return "$status"
}

word_clean() {
	step "clean"
	if [ "${1:-}" = all ]; then
		rm -rf "$BUILD"
	elif [ -d "$BUILD" ]; then
		find "$BUILD" -mindepth 1 -maxdepth 1 ! -name 'venv*' -exec rm -rf {} +
	fi
}

word=${1:-build}
[ $# -eq 0 ] || shift
case $word in
test-page) word_test_page ;;
build | demo | test | install | wheel | deb | asan | tsan | valgrind | analyze | coverage | fuzz | bench | soak | screen | clean) "word_$word" "$@" ;;
test-cuda) word_test_cuda "$@" ;;
test-launchers) word_test_launchers "$@" ;;
test-gpu) word_test_gpu ;;
test-arm) word_test_arm ;;
help | -h | --help) usage ;;
*) usage >&2; exit 2 ;;
esac
