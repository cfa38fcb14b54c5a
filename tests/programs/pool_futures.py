"""A process pool prepares samples; one of them fails, and its exception is raised again where its result is fetched.
With "idle", the process that starts the pool runs no operation itself."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import torch

CONTEXT = sys.argv[1] if len(sys.argv) > 1 else "fork"


def prepare(number):
    parts = [torch.ones(4, 3), torch.ones(4, 2 if number == 5 else 3)]
    return torch.cat(parts).sum().item()  # FAIL HERE


def main():
    if sys.argv[2:] != ["idle"]:
        print(torch.ones(2).sum().item(), flush=True)
    context = multiprocessing.get_context(CONTEXT)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for value in pool.map(prepare, range(8)):
            print(value, flush=True)


if __name__ == "__main__":
    main()
