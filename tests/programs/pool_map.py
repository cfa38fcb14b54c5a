"""multiprocessing.Pool.map: one of the tasks fails in its worker, the pool raises its exception again in the parent."""
import multiprocessing
import sys

import torch

CONTEXT = sys.argv[1] if len(sys.argv) > 1 else "fork"


def prepare(number):
    left = torch.ones(2, 3)
    right = torch.ones(4 if number == 5 else 3, 2)
    return torch.mm(left, right).sum().item()  # FAIL HERE


def main():
    print(torch.ones(2).sum().item(), flush=True)
    with multiprocessing.get_context(CONTEXT).Pool(2) as pool:
        print(pool.map(prepare, range(8), chunksize=1), flush=True)


if __name__ == "__main__":
    main()
