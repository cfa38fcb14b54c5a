"""Fails like a training, and ends as clusters deal it: tests/e2e/clusters.sh. How: fail, linger (dying takes long), or ranks."""
import os
import signal
import sys
import time

import torch

HOW = sys.argv[1]
RANK = int(os.environ.get("RANK", 0))


def linger(*exception):
    sys.__excepthook__(*exception)
    print("failed", flush=True)
    time.sleep(100)


if HOW == "linger":
    sys.excepthook = linger
features = torch.ones(3, 4)
for _ in range(20):
    features = features + 1
if HOW == "ranks" and RANK == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as a program does that wants to save a checkpoint first
    print("ready", flush=True)
    time.sleep(100)
if HOW == "ranks":
    time.sleep(1)
torch.cat([features, torch.ones(2, 5)])  # FAIL HERE
