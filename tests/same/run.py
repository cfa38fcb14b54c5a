"""run.py BUILD quick|all|tools [NAME...]: the programs of programs.py, bare and under the library: the same output, the same status, the same text
of the exception, no file more, no line more. `quick`: without those that take seconds. `all`: these, too, and what is started with tools. `tools`: that alone.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD, WHICH, NAMES = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
PROGRAMS = f"{HERE}/programs.py"
# What is another in every run: addresses, our folders, numbers of processes, times.
ADDRESS = re.compile(rb"\[W\d{4} [0-9:.]+|USDT:[-0-9: ]+:\d+|0x[0-9a-f]+|/tmp/[a-z0-9_]+/(bare|recorded)|pid[ =]?\d+|tmp[a-z0-9_]{8}")
bad = 0


def wrong(name, what, bare, recorded):
    global bad
    bad += 1
    at = max(0, len(os.path.commonprefix([bare, recorded])) - 100)
    print(f"{name}: {what}, from character {at}\n  bare:     {bare[at:at + 500]}\n  recorded: {recorded[at:at + 500]}", flush=True)


def environment(recorded, trace, **more):
    env = {name: value for name, value in os.environ.items() if not name.startswith("SHAPEBOX_")}
    env.update(OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1", **more)
    if recorded:
        env.update(SHAPEBOX_OUTPUT=trace, LD_PRELOAD=" ".join(filter(None, [f"{BUILD}/libshapebox.so", env.get("LD_PRELOAD")])))
    return env


def compare(name, bare, recorded):
    """Each: (status, out, err, files)."""
    for what, one, other in zip(("status", "standard output", "standard error", "files"), bare, recorded):
        if isinstance(one, bytes):
            one, other = ADDRESS.sub(b"@", one), ADDRESS.sub(b"@", other)
        if one != other:
            wrong(name, what, str(one), str(other))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)


def forked(folder, recorded, names):
    """All programs as children of one interpreter."""
    base = f"{folder}/{'recorded' if recorded else 'bare'}"
    done = subprocess.run([sys.executable, PROGRAMS, base, *names], env=environment(recorded, f"{folder}/trace"), capture_output=True, text=True,
                          timeout=1800)
    statuses = dict(line.split() for line in done.stdout.splitlines())
    if done.returncode or set(statuses) != set(names):
        wrong("all", "the interpreter that forks", "", f"{done.returncode} {set(names) - set(statuses)} {done.stderr}")
    return {name: (status, read(f"{base}/{name}/out"), read(f"{base}/{name}/err"), files_below(f"{base}/{name}/work"))
            for name, status in statuses.items()}


def alone(folder, name, command, recorded, **more):
    work = f"{folder}/{'recorded' if recorded else 'bare'}/alone-{name}"
    os.makedirs(work)
    done = subprocess.run(command, env=environment(recorded, f"{folder}/trace", **more), capture_output=True, cwd=work, timeout=600)
    return str(done.returncode), done.stdout, done.stderr, files_below(work)


def tools(folder):
    """Programs that are started otherwise, and beside other tools, where these are installed."""
    def both(name, command, **more):
        compare(name, alone(folder, name, command, False, **more), alone(folder, name, command, True, **more))
    python = [sys.executable]
    for options in (["-X", "dev"], ["-X", "importtime"], ["-I"], ["-O"], ["-B", "-W", "error::UserWarning"], ["-X", "faulthandler"]):
        if options == ["-X", "importtime"]:
            continue  # its standard error is times
        both("python " + " ".join(options), python + options + [PROGRAMS, "raises"])
    both("from standard input", ["sh", "-c", f"echo 'import torch; print(torch.ones(2)); torch.ones(2) + torch.ones(3)' | {sys.executable}"])
    both("python -m", python + ["-m", "timeit", "-n", "1", "-r", "1", "-v", "-s", "import torch", "-u", "sec", "torch.ones(0) or 1 / 0"])
    both("malloc checks", python + [PROGRAMS, "trains"], MALLOC_PERTURB_="165")
    both("debug allocator", python + [PROGRAMS, "raises"], PYTHONMALLOC="debug")
    for name in ("libjemalloc.so.2", "libtcmalloc.so.4"):
        if subprocess.run(["sh", "-c", f"ldconfig -p | grep -q {name}"]).returncode == 0:
            both(f"{name} after the library", python + [PROGRAMS, "threads"], LD_PRELOAD=name)
        else:
            print(f"skipped: not installed: {name}")
    if shutil.which("gdb"):
        gdb = ["gdb", "-q", "-batch", "-ex", "set startup-with-shell off", "-ex", "run", "-ex", "info inferiors", "--args", *python, PROGRAMS, "exits_7"]
        status, out, _, _ = alone(folder, "gdb", gdb, True)
        if b"exited with code 07" not in out:
            wrong("gdb", "the program under it", "exited with code 07", str(out))
    else:
        print("skipped: not installed: gdb")
    for tool, command, file, looks_into, sees in (("py-spy", ["record", "-r", "50", "-f", "raw", "-o", "spy.txt", "--", *python], "spy.txt", ["cat"], b"programs.py"),
                                            ("memray", ["run", "-q", "-o", "m.bin"], "m.bin", ["{tool}", "stats"], b"Total allocations")):
        path = os.path.join(os.path.dirname(sys.executable), tool)
        if not os.path.exists(path):
            print(f"skipped: not installed: {tool}")
            continue
        bare, recorded = (alone(folder, tool, [path, *command, PROGRAMS, "trains"], is_recorded) for is_recorded in (False, True))
        plain = alone(folder, f"{tool}-not", python + [PROGRAMS, "trains"], False)
        if recorded[0] != "0" or recorded[3] != bare[3] or plain[1] not in recorded[1]:  # py-spy says some lines of its own
            wrong(tool, "the program under it", str(bare), str(recorded))
        for name in ("bare", "recorded"):
            seen = subprocess.run([word.format(tool=path) for word in looks_into] + [f"{folder}/{name}/alone-{tool}/{file}"], capture_output=True)
            if sees not in seen.stdout:
                wrong(tool, f"what it saw of the program, {name}", str(sees), str(seen.stdout + seen.stderr))


def main():
    listing = subprocess.run([sys.executable, "-c", f"import sys; sys.path.insert(0, {HERE!r}); import programs; print(*programs.PROGRAMS);"
                              "print(*programs.SLOW)"], capture_output=True, text=True, env=environment(False, ""), check=True).stdout.split("\n")
    names = NAMES or [name for name in listing[0].split() if WHICH == "all" or name not in listing[1].split()]
    folder = tempfile.mkdtemp()
    if WHICH == "tools":
        tools(folder)
        shutil.rmtree(folder)
        print(f"same: started with tools, {bad} differ")
        return bad != 0
    bare, recorded = forked(folder, False, names), forked(folder, True, names)
    for name in sorted(set(bare) & set(recorded)):
        compare(name, bare[name], recorded[name])
    if WHICH == "all" and not NAMES:
        tools(folder)
    shutil.rmtree(folder)
    print(f"same: {len(names)} programs, {bad} differ")
    return bad != 0


sys.exit(main())
