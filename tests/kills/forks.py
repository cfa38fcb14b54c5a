"""forks.py BUILD TIMES: a process with eight recording threads forks TIMES times. Every fourth child runs an operation, every sixteenth
has a child of its own. Each must end by itself, with its own status, and the trace must hold the parent and count the children.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

THREADS = 8
LIMIT = 30  # seconds for one child; it has work for milliseconds


def child(torch, number):
    if number % 4 == 0:
        torch.ones(3) + 1
    if number % 16 == 0:
        grandchild = os.fork()
        if grandchild == 0:
            torch.ones(2) * 2
            os._exit(0)
        if os.waitpid(grandchild, 0)[1] != 0:
            os._exit(99)
    os._exit(number % 7)


def program(times):
    """What is recorded: prints how many children did not end as they were to."""
    import torch

    torch.set_num_threads(1)
    stop, made, bad = False, [0] * THREADS, 0

    def work(mine):
        value = torch.ones(4, mine + 1)
        while not stop:
            ((value + 1) * 2).sum(1)
            made[mine] += 1

    threads = [threading.Thread(target=work, args=(mine,)) for mine in range(THREADS)]
    for thread in threads:
        thread.start()
    while not all(made):
        time.sleep(0.01)
    for number in range(times):
        pid = os.fork()
        if pid == 0:
            child(torch, number)
        end = time.monotonic() + LIMIT
        ended, status = 0, 0
        while not ended and time.monotonic() < end:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                time.sleep(0.0005)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if not ended or os.waitstatus_to_exitcode(status) != number % 7:
            bad += 1
            print(f"child {number}:", f"status {status}" if ended else f"no end within {LIMIT} s", flush=True)
    before = sum(made)
    time.sleep(0.5)
    if sum(made) == before:
        print("the threads stand still")
        bad += 1
    stop = True
    for thread in threads:
        thread.join()
    print(f"bad {bad}")


def main(build, times):
    with tempfile.TemporaryDirectory() as folder:
        trace = f"{folder}/trace"
        begin = time.monotonic()
        done = subprocess.run([f"{build}/shapebox", "run", "--quiet", "--size", "16M", "--output", trace, "--", sys.executable, __file__, "program", str(times)],
                              env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=600 + times)
        took = time.monotonic() - begin
        report = subprocess.run([f"{build}/shapebox", "report", trace, "--format", "json"], capture_output=True, text=True, timeout=300)
        found = json.loads(report.stdout) if report.returncode == 0 else {"processes": [], "merged": {"processes": 0}}
        listed, merged = len(found["processes"]) - 1, found["merged"]["processes"]
        recorded = -(-times // 4) + -(-times // 16)
        print(done.stdout, done.stderr, report.stderr, sep="", end="")
        print(f"{times} forks in {took:.0f} s; of {recorded} children that ran operations {listed} are listed, {merged} counted")
        return done.returncode == 0 and done.stdout.endswith("bad 0\n") and listed + merged == recorded


if __name__ == "__main__":
    if sys.argv[1] == "program":
        program(int(sys.argv[2]))
    else:
        sys.exit(not main(os.path.abspath(sys.argv[1]), int(sys.argv[2])))
