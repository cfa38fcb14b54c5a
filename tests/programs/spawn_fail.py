"""torch.multiprocessing.spawn with two children; the second fails."""
import torch
import torch.multiprocessing as mp


def child(index):
    left = torch.zeros(3, 4)
    right = torch.zeros(5 if index == 1 else 4, 2)
    torch.mm(left, right)  # FAIL HERE


if __name__ == "__main__":
    print(torch.ones(2).sum().item(), flush=True)
    mp.spawn(child, nprocs=2)
