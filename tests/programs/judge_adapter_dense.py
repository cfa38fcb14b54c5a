"""Bottleneck adapters beside the projections of a model ported from JAX, whose dense layers keep their weights as [in, out]."""
import sys

import torch
from torch import nn
from torch.nn import functional as F


class Dense(nn.Module):
    """As flax has it: a kernel of [in, out]."""

    def __init__(self, features_in, features_out):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(features_in, features_out) * 0.05)
        self.bias = nn.Parameter(torch.zeros(features_out))

    def forward(self, x):
        return torch.matmul(x, self.kernel) + self.bias


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = Dense(width, width)
        self.wide = Dense(width, 3 * width)
        self.narrow = Dense(3 * width, width)

    def forward(self, x):
        x = x + self.mix(self.norm(x))
        return x + self.narrow(F.gelu(self.wide(self.norm(x))))


class Adapter(nn.Module):
    def __init__(self, inner, rank):
        super().__init__()
        features_out, features_in = inner.kernel.shape[::-1] if "--fixed" in sys.argv else inner.kernel.shape
        self.inner = inner
        self.down = nn.Linear(features_in, rank)  # BUILT
        self.up = nn.Linear(rank, features_out)

    def forward(self, x):
        return self.up(F.relu(self.down(x))) + self.inner(x)  # FAIL HERE


def train(blocks, steps):
    optimizer = torch.optim.Adam([p for p in blocks.parameters() if p.requires_grad], lr=1e-3)
    for step in range(steps):
        loss = blocks(torch.randn(2, 4 + step % 5, 24)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    blocks = nn.Sequential(Block(24), Block(24))
    train(blocks, 30)
    for name in ["mix", "wide"]:  # the square ones first: there it doesn't matter
        blocks.requires_grad_(False)
        for block in blocks:
            setattr(block, name, Adapter(getattr(block, name), 4))
        train(blocks, 30)
    print("done", flush=True)


main()
