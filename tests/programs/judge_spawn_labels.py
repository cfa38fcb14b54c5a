"""Two spawned trainers; the classes of one shard are counted from 1 in its file."""
import csv
import os
import sys
import tempfile

import torch
import torch.multiprocessing as mp
from torch import nn

CLASSES = 5


def write_shard(path, first, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        for i in range(rows):
            label = (i * 7) % (CLASSES - 1) + first if i < rows - 3 else CLASSES - 1 + first
            writer.writerow([i % 9, i % 4, label])


def train(rank, directory):
    torch.manual_seed(rank)
    net = nn.Linear(2, CLASSES)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    with open(os.path.join(directory, f"shard{rank}.csv"), newline="") as file:
        rows = [[int(cell) for cell in row] for row in csv.reader(file)]
    if "--fixed" in sys.argv and rank == 1:
        rows = [[a, b, label - 1] for a, b, label in rows]
    for start in range(0, len(rows), 4):
        table = torch.tensor(rows[start:start + 4])  # ORIGIN
        loss = nn.functional.cross_entropy(net(table[:, :2].float()), table[:, 2])  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def main():
    with tempfile.TemporaryDirectory() as directory:
        write_shard(os.path.join(directory, "shard0.csv"), 0, 2001)
        write_shard(os.path.join(directory, "shard1.csv"), 1, 4803)
        mp.spawn(train, args=(directory,), nprocs=2)
    print("done", flush=True)


if __name__ == "__main__":
    main()
