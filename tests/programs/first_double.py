"""Prices are scaled by what numpy counted once enough were seen: from then on they are float64."""
import sys

import numpy as np
import torch
from torch import nn


class Scale:
    def __init__(self, enough):
        self.enough, self.count, self.total = enough, 0, np.zeros(5)

    def __call__(self, x):
        self.count += len(x)
        self.total += x.sum(0).numpy()
        if self.count < self.enough:
            return x * 1.0
        mean = torch.from_numpy(self.total / self.count)
        return x - (mean.float() if "--fixed" in sys.argv else mean)  # ORIGIN


def main():
    torch.manual_seed(0)
    model = nn.Linear(5, 2)
    scale = Scale(enough=100)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(40):
        out = model(scale(torch.rand(3 + step % 2, 5)))  # FAIL HERE
        out.square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
