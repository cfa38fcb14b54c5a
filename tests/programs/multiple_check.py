"""Sequences are cut into chunks of 4; the last ones are 34 long. Who checks that: the program, or einops."""
import sys

import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)


def split(x, size):
    length = x.size(1)
    if length % size:
        raise ValueError("this can't be cut")  # FAIL HERE
    return x.view(len(x), -1, size, x.size(-1))


class Chunks(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.inner = nn.Linear(8, 8)

    def forward(self, x):
        inner = self.inner(x)
        if "einops" in sys.argv:
            from einops import rearrange

            return rearrange(inner, "b (c s) d -> b c s d", s=self.size)  # EINOPS HERE
        return split(inner, self.size)


def main():
    net = Chunks(4)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    lengths = [32] * 15 + [36 if "--fixed" in sys.argv else 34]
    for length in lengths:
        x = torch.randn(2, length, 8)  # MADE HERE
        net(x).sum().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
