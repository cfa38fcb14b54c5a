"""A service: its workers' exceptions stay in their futures, are looked at, and the program goes on and ends well. With "processes",
the workers are processes."""
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import torch


def score(width):
    table = torch.ones(4, 3)
    return torch.mm(torch.ones(2, width), table).sum().item()  # FAIL HERE


def main():
    print(torch.ones(2).sum().item(), flush=True)
    with ProcessPoolExecutor(1) if "processes" in sys.argv else ThreadPoolExecutor(1, thread_name_prefix="request") as pool:
        futures = [pool.submit(score, width) for width in (4, 7, 4)]
    for future in futures:
        print("failed" if future.exception() else future.result(), flush=True)


main()
