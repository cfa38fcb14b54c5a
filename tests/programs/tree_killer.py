"""Starts two ranks and ends them as DeepSpeed's launcher does: when one has failed, every process of the tree gets SIGTERM, and what is
left then SIGKILL; the launcher's status is that of the one that failed."""
import os
import signal
import subprocess
import sys
import time


def tree(pid):
    """PID and all below it, children first."""
    pids = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as children:
            for child in children.read().split():
                pids += tree(int(child))
    return pids + [pid]


ranks = [
    subprocess.Popen([sys.executable, *sys.argv[1:]], env={**os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"})
    for rank in range(2)
]
while not any(rank.poll() for rank in ranks):
    time.sleep(0.1)
status = next(rank.returncode for rank in ranks if rank.poll())
for how in signal.SIGTERM, signal.SIGKILL:
    for rank in ranks:
        if rank.poll() is None:
            for pid in tree(rank.pid):
                os.kill(pid, how)
    time.sleep(0.5)
sys.exit(status)
