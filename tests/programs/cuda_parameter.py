"""A parameter that is registered after the model was moved stays on the CPU."""
import sys

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.LayerNorm(8)
        self.second = nn.LayerNorm(8)

    def forward(self, x):
        return self.second(self.first(x)) * self.gamma  # FAIL HERE


def main():
    model = nn.Sequential(Block(), Block()).cuda()
    for block in model:
        block.gamma = nn.Parameter(torch.ones(8))  # LATE
    if "fix" in sys.argv:
        model.cuda()
    model(torch.ones(2, 8).cuda())


main()
