"""Batches are prepared ahead in a thread pool; the error of a worker thread is raised again where its result is fetched."""
import sys
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
WIDTH = 24


def features(number):
    columns = 25 if number == 530 else WIDTH
    values = torch.arange(columns, dtype=torch.float32) + number  # ORIGIN
    return values[:WIDTH] if FIXED else values


def prepare(number):
    rows = [features(3 * number + i) for i in range(3)]
    return torch.stack(rows)  # FAIL HERE


def main():
    torch.manual_seed(0)
    model = nn.Linear(WIDTH, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    with ThreadPoolExecutor(2, thread_name_prefix="prefetch") as pool:
        for future in [pool.submit(prepare, number) for number in range(300)]:
            loss = model(future.result()).square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    print("done", flush=True)


main()
