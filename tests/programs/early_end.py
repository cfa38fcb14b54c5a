"""Ranks of two that don't find their part of the data: rank 1, before its first operation. Rank 0 trains until it is ended.
With "exit", it says so itself and leaves."""
import os
import sys
import time

import torch

RANK = int(os.environ["RANK"])


def open_part():
    return open(f"part-{RANK}.json")  # FAIL HERE


def train():
    layer = torch.nn.Linear(6, 2)
    for _ in range(3):
        layer(torch.ones(4, 6)).sum().backward()
    time.sleep(60)


if RANK == 0:
    train()
elif sys.argv[1:] == ["exit"]:
    sys.exit(3)
else:
    open_part()
