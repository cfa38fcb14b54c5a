"""One block of a model is offloaded to the CPU between two calls, and not brought back."""
import sys

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        return self.norm(x) * self.scale  # FAIL HERE


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(4))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def main():
    model = Model().half().cuda()
    x = torch.ones(2, 4, 8).half().cuda()
    with torch.no_grad():
        for _ in range(50):
            model(x)
        model.blocks[2].to("cpu")  # AWAY
        if "fix" in sys.argv:
            model.blocks[2].to("cuda")
        for _ in range(20000):
            model.blocks[0](x)
        model(x)


main()
