"""run.py BUILD HOST:EVERY:FROM...: every EVERYth call (all), from the FROMth (first) on, that the library (or the command) makes in a
host fails once, and for ever. So several processes can share a host's calls. The fold makes some 40,000, most of them for memory: of those
that are come to by the same way (the twelve innermost callers), the first.

Hosts: plain (Python without torch), cuda (tests/fake's program), torch (host.py), fold (`shapebox report` of a box). A host's
output and status must be those of a run without the library, and what is left of its trace must open. The fold must end with a
clear error or the right answer, and leave no database that fails its check. Prints the points and what went wrong.
"""
import array
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(sys.argv[1])
LIBRARY, FAULTS = f"{BUILD}/libshapebox.so", f"{BUILD}/tests/faults.so"
COMMAND = f"{BUILD}/shapebox"
UNRECORDED = re.compile(rb"shapebox: this process is not recorded: [^\n]*\n")
EVERY = FROM = 1
bad = 0


def wrong(host, at, on, failed, text):
    global bad
    bad += 1
    print(f"{host}: call {at} ({failed}) fails {'for ever' if on else 'once'}: {text}", flush=True)


def environment(folder, module, at, on, **more):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SHAPEBOX_", "FAULTS_"))}
    env.update(OMP_NUM_THREADS="1", FAULTS_IN=module, FAULTS_AT=str(at), FAULTS_TOLD=f"{folder}/told", **more)
    if on:
        env["FAULTS_ON"] = "1"
    return env


def told(folder):
    """What faults.so says in the end: how many calls, which of them failed, and how often each was made."""
    try:
        with open(f"{folder}/told") as file:
            count, failed, text = file.readline().rstrip("\n").split(" ", 2)
    except (OSError, ValueError):
        return 0, "-", ""
    return int(count), failed, text


def opens(trace):
    """Does the command say something about what is left of a trace?"""
    if not os.path.isdir(trace):
        return ""
    left = [name for name in os.listdir(trace) if name.endswith((".box", ".db"))]
    done = subprocess.run([COMMAND, "report", trace, "--format", "json"], capture_output=True, timeout=60)
    if done.returncode not in (0, 1, 2) or (done.returncode == 2 and left and b"not a box" not in done.stderr):
        return f"report: status {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"
    return ""


def compare(host, at, on, failed, got, want):
    if got[0] != want[0] or got[1] != want[1]:
        wrong(host, at, on, failed, f"status {got[0]} instead of {want[0]}, output {got[1][-300:]!r}")
    elif UNRECORDED.sub(b"", got[2], count=1) != want[2]:
        wrong(host, at, on, failed, f"standard error {got[2][-300:]!r}")


def each_point(host, run, paths=None):
    """Call RUN(at, on), which gives (count, failed, table), for every point; tell how many there were. PATHS: where RUN(0) leaves
    by which way each call was come to; then a point is the first call of each way."""
    count, _, table = run(0, False)
    points = range(1, count + 1)
    ways = ""
    if paths:
        seen = {}
        with open(paths, "rb") as file:
            for at, path in enumerate(array.array("Q", file.read()), 1):
                seen.setdefault(path, at)
        points = sorted(seen.values())
        ways = f" by {len(points)} ways"
    reached, tried = 0, 0
    for at in points[FROM - 1::EVERY]:
        for on in (False, True):
            tried += 1
            reached += run(at, on)[1] != "-"
    print(f"{host}: {count} calls{ways} ({table}); {reached} of {tried} faults reached", flush=True)
    return count


def fresh(host, command, module, **more):
    """Points of a program that is started anew for each."""
    folder = tempfile.mkdtemp()
    bare = subprocess.run(command, env=environment(folder, module, 0, False, **more), capture_output=True, timeout=120)
    want = (bare.returncode, bare.stdout, bare.stderr)

    def run(at, on):
        work = tempfile.mkdtemp()
        env = environment(work, module, at, on, LD_PRELOAD=f"{FAULTS} {LIBRARY}", SHAPEBOX_OUTPUT=f"{work}/trace", **more)
        done = subprocess.run(command, env=env, capture_output=True, timeout=120)
        what = told(work)
        compare(host, at, on, what[1], (done.returncode, done.stdout, done.stderr), want)
        trouble = opens(f"{work}/trace")
        if trouble:
            wrong(host, at, on, what[1], trouble)
        shutil.rmtree(work)
        return what

    count = each_point(host, run)
    shutil.rmtree(folder)
    if not count:
        wrong(host, 0, False, "-", "no call was counted")


def host_plain():
    fresh("plain", [sys.executable, "-c", "import json; print(json.dumps([1]))"], "libshapebox.so")


def host_cuda():
    with tempfile.TemporaryDirectory() as folder:
        fake = f"{BUILD}/fake"
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-o", f"{folder}/program", f"{TOP}/tests/fake/program.c", f"{fake}/libcudart.so.13",
                        f"{fake}/libcuda.so.1", "-ldl", "-lpthread"], check=True)
        fresh("cuda", [f"{folder}/program"], "libshapebox.so", LD_LIBRARY_PATH=fake)


def host_torch():
    work = tempfile.mkdtemp()
    program = [sys.executable, f"{HERE}/host.py"]
    bare = subprocess.run(program, env=environment(work, "-", 0, False), capture_output=True, timeout=120)
    env = environment(work, "libshapebox.so", 0, False, LD_PRELOAD=f"{FAULTS} {LIBRARY}", SHAPEBOX_SIZE="1M", SHAPEBOX_KEEP="all",
                      SHAPEBOX_RUN="1", SHAPEBOX_OUTPUT=f"{work}/trace")
    del env["FAULTS_TOLD"]
    count, reached, tried, seen = 0, 0, 0, ""
    done = subprocess.Popen(program + [work, str(EVERY), str(FROM)], env=env, stdout=subprocess.PIPE, text=True)
    for line in done.stdout:
        at, on, status, calls, failed, table = line.rstrip("\n").split(" ", 5)
        at, on = int(at), int(on)
        folder = f"{work}/{at}.{on}"
        got = os.waitstatus_to_exitcode(int(status)), open(f"{folder}/out", "rb").read(), open(f"{folder}/err", "rb").read()
        if at == 0:
            count, seen, want = int(calls), table, got
            if got[:2] != (bare.returncode, bare.stdout) or got[2].splitlines()[-1:] != bare.stderr.splitlines()[-1:]:
                wrong("torch", 0, 0, "-", f"status {got[0]}, output {got[1]!r} {got[2]!r}")
        else:
            tried += 1
            reached += failed != "-"
            compare("torch", at, on, failed, got, want)
        trouble = opens(f"{work}/trace")
        if trouble:
            wrong("torch", at, on, failed, trouble)
        shutil.rmtree(folder)
        shutil.rmtree(f"{work}/trace", ignore_errors=True)
    if done.wait() != 0 or not count:
        wrong("torch", 0, 0, "-", f"the host itself ended with {done.returncode}")
    print(f"torch: {count} calls ({seen}); {reached} of {tried} faults reached", flush=True)
    shutil.rmtree(work)


def fold_left(trace):
    """What is wrong with the databases that a fold left behind."""
    for name in os.listdir(trace):
        if not name.endswith(".db"):
            continue
        database = sqlite3.connect(f"{trace}/{name}")
        result = database.execute("PRAGMA integrity_check").fetchone()[0]
        database.close()
        if result != "ok":
            return f"{name}: {result}"
    return ""


def host_fold():
    """The command: folds a box and tells what is in it. The right answer or one line that says why not; nothing lost."""
    folder = tempfile.mkdtemp()
    made = environment(folder, "-", 0, False, LD_PRELOAD=LIBRARY, SHAPEBOX_SIZE="1M", SHAPEBOX_OUTPUT=f"{folder}/trace")
    subprocess.run([sys.executable, f"{TOP}/tests/programs/family_linear.py"], env=made, capture_output=True, timeout=120)
    shutil.copytree(f"{folder}/trace", f"{folder}/now")
    command = [COMMAND, "report", f"{folder}/now", "--format", "json"]
    good = subprocess.run(command, capture_output=True, timeout=60)
    shorter = 0

    def run(at, on):
        nonlocal shorter
        shutil.rmtree(f"{folder}/now")
        shutil.copytree(f"{folder}/trace", f"{folder}/now")
        env = environment(folder, "main", at, on, LD_PRELOAD=FAULTS, **({} if at else {"FAULTS_PATHS": f"{folder}/paths"}))
        done = subprocess.run(command, env=env, capture_output=True, timeout=60)
        what = told(folder)
        lines = done.stderr.count(b"\n")
        if done.returncode not in (0, 1, 2):
            wrong("fold", at, on, what[1], f"status {done.returncode}: {done.stderr[-300:]!r}")
        elif done.returncode == 2 and lines != 1:
            wrong("fold", at, on, what[1], f"{lines} lines of error: {done.stderr[-300:]!r}")
        elif done.returncode != 2 and done.stdout != good.stdout:
            shorter += 1
        trouble = fold_left(f"{folder}/now")
        if trouble:
            wrong("fold", at, on, what[1], trouble)
        again = subprocess.run(command, capture_output=True, timeout=60)
        if (again.returncode, again.stdout) != (good.returncode, good.stdout):
            wrong("fold", at, on, what[1], f"afterwards: status {again.returncode}: {again.stderr[-300:]!r}")
        return what

    each_point("fold", run, f"{folder}/paths")
    print(f"fold: {shorter} reports told less")
    shutil.rmtree(folder)


HOSTS = {"plain": host_plain, "cuda": host_cuda, "torch": host_torch, "fold": host_fold}

if __name__ == "__main__":
    for word in sys.argv[2:]:
        host, EVERY, FROM = (word.split(":") + ["1", "1"])[:3]
        EVERY, FROM = int(EVERY), int(FROM)
        HOSTS[host]()
    sys.exit(bad != 0)
