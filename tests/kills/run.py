"""run.py BUILD TIMES: a recorded process is killed at TIMES random moments, its box is cut at every page, folds are killed and meet each
other, and room, memory, descriptors and paths are taken away: what was published is there, no database fails its check, and the program
does not notice. The host is tests/kills/host.c on the fake CUDA stack: a hundred of them take seconds.
"""
import errno
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD, TIMES = os.path.abspath(sys.argv[1]), int(sys.argv[2])
COMMAND = f"{BUILD}/shapebox"
PAGE = 4096
HEADER = 4096  # struct box_header lies in the first page
bad = 0


def wrong(what, text):
    global bad
    bad += 1
    print(f"{what}: {text}", flush=True)


class Host:
    """The recorded program, in a folder of its own."""

    def __init__(self, folder, calls=None, before=None, grows=False, **more):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.trace = f"{more.pop('root', self.folder)}/{os.path.basename(folder)}-trace"  # a name for /tmp, where the library goes last
        os.mkdir(f"{self.folder}/spare", 0o700)
        with open(f"{self.folder}/counter", "wb") as file:
            file.write(bytes(8))
        env = {**os.environ, "LD_LIBRARY_PATH": f"{BUILD}/fake", "LD_PRELOAD": f"{BUILD}/libshapebox.so", "SHAPEBOX_OUTPUT": self.trace,
               "SHAPEBOX_SIZE": "1M", "TMPDIR": f"{self.folder}/spare", **more}
        self.process = subprocess.Popen([f"{folder}/host", f"{self.folder}/counter"] + ([str(calls)] if calls else []) + ["grows"] * grows, env=env,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before, cwd=self.folder,
                                        bufsize=0)  # begun() takes one line and no more

    def begun(self):
        self.process.stdout.readline()
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        return self

    def ends(self):
        self.out, self.err = self.process.communicate(timeout=60)
        return self

    def calls(self):
        with open(f"{self.folder}/counter", "rb") as file:
            return struct.unpack("Q", file.read(8))[0]

    def gone(self):
        shutil.rmtree(self.folder)


def report(trace):
    return subprocess.run([COMMAND, "report", trace, "--format", "json"], capture_output=True, timeout=60)


def database(trace):
    """The one database of TRACE, checked; None if there is none."""
    names = [name for name in os.listdir(trace) if name.endswith(".db")]
    if len(names) != 1:
        return None
    made = sqlite3.connect(f"{trace}/{names[0]}")
    checked = made.execute("PRAGMA integrity_check").fetchone()[0]
    if checked != "ok":
        wrong("integrity_check", checked)
    return made


def launches(made):
    return made.execute("SELECT count FROM cuda_count WHERE name = 'launches'").fetchone()[0]


# --- kills -------------------------------------------------------------------------------------------------------------------------


def check_end(what, host, statuses=("killed", "crashed")):
    """Of a host that has ended: each call that had returned is counted, the newest is a row, and the end is told. Returns how many are lost."""
    calls, done, lost = host.calls(), report(host.trace), 0
    made = database(host.trace) if done.returncode == 1 else None
    if not made:
        wrong(what, f"report: status {done.returncode} {done.stderr!r}")
    else:
        counted = launches(made)
        rows = made.execute("SELECT count(*) FROM cuda_call WHERE kind = 'launch'").fetchone()[0]
        lost = max(0, calls - counted)
        if not calls <= counted <= calls + 1 or not rows or json.loads(done.stdout)["processes"][0]["status"] not in statuses:
            wrong(what, f"{calls} launches had returned, {counted} are counted, {rows} are rows; {done.stdout[:300]!r}")
        made.close()
    host.gone()
    return lost


def kills(folder):
    """Killed at any moment."""
    lost = 0
    for number in range(TIMES):
        host = Host(folder).begun()
        time.sleep(random.random() * 0.02)
        lost += check_end(f"kill {number}", host.kill())
    print(f"{TIMES} kills: {lost} launches lost")


def memory_group(folder):
    """A memory cgroup of 64 MiB, as a path (of either version); None where none can be made."""
    for root, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = f"{root}/{os.path.basename(folder)}"
        try:
            os.mkdir(group)
            with open(f"{group}/{limit}", "w") as file:
                file.write(str(64 << 20))
            return group
        except OSError:
            if os.path.isdir(group):
                os.rmdir(group)
    return None


def join(group):
    with open(f"{group}/cgroup.procs", "w") as file:
        file.write("0")


def other_ends(folder):
    """Other signals, and the kernel's own kill where memory is out."""
    for number in (signal.SIGTERM, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT):
        host = Host(folder).begun()
        time.sleep(random.random() * 0.02)
        host.process.send_signal(number)
        host.ends()
        if host.process.returncode != -number:
            wrong(number.name, f"the host ended with {host.process.returncode}")
        check_end(number.name, host)
    group = memory_group(folder)
    if not group:
        print("skipped: no memory cgroup can be made here")
        return
    try:
        host = Host(folder, calls=1 << 40, grows=True, before=lambda: join(group)).begun().ends()
        if host.process.returncode != -signal.SIGKILL:
            wrong("out of memory", f"the host ended with {host.process.returncode} {host.err!r}")
        check_end("out of memory", host)
    finally:
        os.rmdir(group)


def cuts(folder):
    """A box that ends at any page, as after a power cut: damage where it lies, the rest is there."""
    host = Host(folder).begun()
    while host.calls() < 1000:
        time.sleep(0.01)
    host.kill()
    (name,) = [name for name in os.listdir(host.trace) if name.endswith(".box")]
    with open(f"{host.trace}/{name}", "rb") as file:
        box = file.read()
    statuses, rows = {}, [0]
    for size in range(0, len(box), PAGE):
        trace = f"{host.folder}/cut"
        os.mkdir(trace)
        with open(f"{trace}/{name}", "wb") as file:
            file.write(box[:size])
        done = report(trace)
        statuses[done.returncode] = statuses.get(done.returncode, 0) + 1
        if done.returncode != (1 if size >= HEADER else 2) or (done.returncode == 2 and done.stderr.count(b"\n") != 1):
            wrong(f"cut at {size}", f"status {done.returncode} {done.stderr[-300:]!r}")
        made = database(trace) if done.returncode == 1 else None
        if made:
            told = made.execute("SELECT count(*) FROM loss WHERE text LIKE 'the file ends at byte %'").fetchone()[0]
            rows.append(made.execute("SELECT count(*) FROM cuda_call").fetchone()[0])
            if not told or rows[-1] < rows[-2]:
                wrong(f"cut at {size}", f"told {told} times; {rows[-2:]} rows")
            made.close()
        shutil.rmtree(trace)
    print(f"{len(box) // PAGE} cuts: {statuses}, up to {rows[-1]} rows")
    host.gone()


def folds(folder):
    """Several folds of one box at once, folds that are killed, and once more: the same answer."""
    host = Host(folder).begun()
    time.sleep(0.05)
    host.kill()
    shutil.copytree(host.trace, f"{host.folder}/again")
    want = json.loads(report(host.trace).stdout)["processes"]
    for number in range(12):
        trace = f"{host.folder}/copy"
        shutil.copytree(f"{host.folder}/again", trace)
        both = [subprocess.Popen([COMMAND, "report", trace, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        if number % 2:
            time.sleep(random.random() * 0.02)
            for process in both:
                process.kill()
        answers = [process.communicate()[0] for process in both]
        for process, answer in zip(both, answers):
            if process.returncode >= 0 and (process.returncode != 1 or [p["events"] for p in json.loads(answer)["processes"]] != [p["events"] for p in want]):
                wrong("folds at once", f"status {process.returncode}: {answer[:200]!r}")
        done = report(trace)
        if done.returncode != 1 or json.loads(done.stdout)["processes"] != want:
            wrong("fold again", f"status {done.returncode}: {done.stdout[:200]!r} {done.stderr!r}")
        made = database(trace)
        made and made.close()
        shutil.rmtree(trace)
    host.gone()


def live(folder):
    """Looked at while it runs: the answer is about now, nothing is left behind, nothing is disturbed."""
    host = Host(folder).begun()
    for _ in range(5):
        before = host.calls()
        done = report(host.trace)
        if done.returncode != 0 or json.loads(done.stdout)["processes"][0]["status"] != "running":
            wrong("live", f"status {done.returncode} {done.stderr!r}")
        if [name for name in os.listdir(host.trace) if not name.endswith(".box") and name != ".gitignore"]:
            wrong("live", f"left {os.listdir(host.trace)}")
        if host.calls() <= before:
            wrong("live", "the host stands still")
    host.kill().gone()


# --- what may be lacking -----------------------------------------------------------------------------------------------------------


def lacks(what, folder, recorded=None, before=None, meanwhile=None, **more):
    """The host's output and status are the same; RECORDED: is there to be a trace with all calls?"""
    host = Host(folder, calls=20000, before=before, **more)
    if meanwhile:
        host.begun()
        meanwhile(host)
    host.ends()
    lines = b"20000 launches\n" if meanwhile else b"begun\n20000 launches\n"
    if (host.process.returncode, host.out) != (0, lines):
        wrong(what, f"the host: status {host.process.returncode}, {host.out!r}")
    if host.err and (host.err.count(b"\n") != 1 or not host.err.startswith(b"shapebox: this process is not recorded")):
        wrong(what, f"standard error: {host.err!r}")
    there = False
    if os.path.isdir(host.trace) and report(host.trace).returncode == 0:
        made = database(host.trace)
        there = bool(made) and launches(made) == 20000
        made and made.close()
    if recorded is not None and there != recorded:
        wrong(what, f"recorded: {there}; {os.listdir(host.trace) if os.path.isdir(host.trace) else 'no trace'} {host.err!r}")
    host.gone()


def limit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def lacking(folder):
    lacks("nothing", folder, recorded=True)
    lacks("RLIMIT_FSIZE", folder, before=limit(resource.RLIMIT_FSIZE, 8192))
    lacks("RLIMIT_NOFILE", folder, before=limit(resource.RLIMIT_NOFILE, 4))
    lacks("RLIMIT_AS", folder, before=limit(resource.RLIMIT_AS, 64 << 20), SHAPEBOX_SIZE="1G")
    lacks("RLIMIT_AS, hardly any", folder, before=limit(resource.RLIMIT_AS, 40 << 20), SHAPEBOX_SIZE="1G")
    lacks("a path that is no directory", folder, root="/dev/null")
    lacks("a path that is too long", folder, root="/" + "x" * 5000)
    lacks("the trace is removed meanwhile", folder, meanwhile=lambda host: shutil.rmtree(host.trace))
    lacks("the trace is moved meanwhile", folder, recorded=None, meanwhile=lambda host: os.rename(host.trace, host.trace + ".moved"))
    mounted = f"{folder}/small"
    os.mkdir(mounted)
    if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", mounted], stderr=subprocess.DEVNULL).returncode == 0:
        try:
            lacks("a full disk", folder, root=mounted, SHAPEBOX_SIZE="32M")
            lacks("a full disk, --keep all", folder, root=mounted, SHAPEBOX_KEEP="all")
            subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
            lacks("a disk that is read only", folder, root=mounted)
        finally:
            subprocess.run(["umount", mounted], check=True)
    else:
        print("skipped: no file system can be mounted here: full and read-only disks")


def quota(folder):
    """A directory that may hold half a megabyte: the first records already meet EDQUOT, root's, too."""
    image, mounted = f"{folder}/image", f"{folder}/quota"
    os.mkdir(mounted)
    with open(image, "wb") as file:
        file.truncate(160 << 20)
    made = shutil.which("mkfs.btrfs") and subprocess.run(["mkfs.btrfs", "--quiet", image], stdout=subprocess.DEVNULL, check=False).returncode == 0
    if not made or subprocess.run(["mount", "-o", "loop", image, mounted], stderr=subprocess.DEVNULL, check=False).returncode:
        print("skipped: a quota (no mkfs.btrfs, or it can't be mounted here)")
        return
    try:
        for words in (["quota", "enable", mounted], ["subvolume", "create", f"{mounted}/mine"], ["qgroup", "limit", "512K", f"{mounted}/mine"]):
            subprocess.run(["btrfs", *words], stdout=subprocess.DEVNULL, check=True)
        try:
            with open(f"{mounted}/mine/large", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, 1 << 20)
            wrong("a quota", "it limits nothing")
        except OSError as error:
            if error.errno != errno.EDQUOT:
                wrong("a quota", f"refused by {error}")
        lacks("a quota", folder, root=f"{mounted}/mine", SHAPEBOX_SIZE="32M")
        lacks("a quota, --keep all", folder, root=f"{mounted}/mine", SHAPEBOX_KEEP="all")
    finally:
        subprocess.run(["umount", mounted], check=True)


def main():
    folder = tempfile.mkdtemp(prefix="shapebox-kills-")
    try:
        fake = f"{BUILD}/fake"
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-o", f"{folder}/host", f"{HERE}/host.c", f"{fake}/libcudart.so.13",
                        f"{fake}/libcuda.so.1"], check=True)
        kills(folder)
        other_ends(folder)
        cuts(folder)
        folds(folder)
        live(folder)
        lacking(folder)
        quota(folder)
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(f"/tmp/{os.path.basename(folder)}-trace", ignore_errors=True)
    return bad != 0


sys.exit(main())
