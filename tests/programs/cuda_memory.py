"""On a GPU with little memory: each step's loss is kept with its graph (keep), or one product is far too large (huge)."""
import sys

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1024))

    def forward(self, x):
        return torch.relu(x * self.weight)  # HELD


def step(model, x, losses, optimizer):
    out = model(x)
    loss = (out * out).mean()
    losses.append(loss)  # KEPT
    optimizer.step()


def main():
    model = nn.Sequential(Block(), Block()).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.ones(512, 1024).cuda()
    losses = []
    if "huge" in sys.argv:
        scores = x.flatten()[:, None] * x.flatten()[None, :4096]  # HUGE
    for number in range(40):
        step(model, x, losses, optimizer)
    print(len(losses), flush=True)


main()
