"""Ranks that train for hundreds of steps, more than the ring keeps: `ranks_long.py WHAT`. Rank 1 is the odd one, far back."""
import sys

import torch
import torch.distributed as dist
from torch import nn

WHAT = sys.argv[1]
STEPS = 600
ODD_STEP = 201


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.text = nn.Linear(4, 4)
        self.vision = nn.Linear(4, 4)

    def forward(self, text, images):
        hidden = self.text(text)
        for image in images:
            hidden = hidden + self.vision(image)
        return hidden


def main():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(0)
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    ones = torch.ones(2, 4)
    for step in range(STEPS):
        images = [ones]
        if WHAT == "branch" and rank == 1 and step == ODD_STEP:
            images = []
        if WHAT == "rounds":  # as many as the batch has: other numbers on each rank
            images = [ones] * (1 + (step * 5 + rank * 3) % 4)
        if WHAT == "frozen" and rank == 1 and step == ODD_STEP:
            model.text.weight.requires_grad_(False)
        loss = model(ones, images).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if rank == 0 and step % 10 == 0:
            ones.mean().item()  # rank 0 alone writes its log
        if step % 100 == 99:
            dist.all_reduce(loss.detach())
    dist.barrier()
    dist.destroy_process_group()


main()
