"""What an operation costs: prints microseconds per operation (or per step), nothing else.

loop.py elementwise|encoder SECONDS [profiler]
"""
import sys
import time

import torch
from torch import nn


def elementwise():
    x = torch.ones(8)

    def work():
        y = x
        for _ in range(100):
            y = y + 1
        return y

    return work, 100


def encoder():
    layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
    model = nn.TransformerEncoder(layer, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    batch = torch.randn(2, 8, 32)

    def work():
        model(batch).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    return work, 1


def measure(work, count, seconds):
    start = time.perf_counter()
    rounds = 0
    while time.perf_counter() - start < seconds:
        work()
        rounds += 1
    return (time.perf_counter() - start) / (rounds * count) * 1e6


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    work, count = {"elementwise": elementwise, "encoder": encoder}[sys.argv[1]]()
    seconds = float(sys.argv[2])
    for _ in range(5):
        work()
    if sys.argv[3:] == ["profiler"]:
        # Short windows, as people use it: its memory grows with every event.
        windows = []
        for _ in range(max(1, int(seconds / 0.2))):
            with torch.profiler.profile(record_shapes=True, activities=[torch.profiler.ProfilerActivity.CPU]):
                windows.append(measure(work, count, 0.2))
        result = sorted(windows)[len(windows) // 2]
    else:
        result = measure(work, count, seconds)
    print(f"{result:.4f}")


main()
