"""A block that remembers the segments before, under activation checkpointing where they are long: recomputed in backward it finds what its own
forward has put into its memory. With --fixed the memory goes in and out."""
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

FIXED = "--fixed" in sys.argv
KEEP = 40


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.query, self.both = nn.LayerNorm(16), nn.Linear(16, 16), nn.Linear(16, 32)
        self.memory = None

    def attend(self, x, memory):
        h = self.norm(x)
        context = h if memory is None else torch.cat([memory, h], dim=1)
        key, value = self.both(context).chunk(2, dim=-1)
        return x + (self.query(h) @ key.transpose(1, 2)).softmax(-1) @ value, context[:, -KEEP:].detach()

    def forward(self, x):
        h = self.norm(x)
        context = h if self.memory is None else torch.cat([self.memory, h], dim=1)
        self.memory = context[:, -KEEP:].detach()
        key, value = self.both(context).chunk(2, dim=-1)
        return x + (self.query(h) @ key.transpose(1, 2)).softmax(-1) @ value


def run(block, x):
    long = x.shape[1] > 24
    if not FIXED:
        return checkpoint(block, x, use_reentrant=False) if long else block(x)
    y, block.memory = checkpoint(block.attend, x, block.memory, use_reentrant=False) if long else block.attend(x, block.memory)
    return y


def main():
    torch.manual_seed(0)
    blocks, head = nn.ModuleList(Block() for _ in range(2)), nn.Linear(16, 1)
    optimizer = torch.optim.SGD([*blocks.parameters(), *head.parameters()], lr=0.01)
    for step in range(9):
        length = 30 if step == 8 else 12 + step
        for block in blocks:
            block.memory = None
        for _ in range(2):
            x = torch.randn(3, length, 16)
            for block in blocks:
                x = run(block, x)
            optimizer.zero_grad()
            head(x).mean().backward()  # FAIL HERE
            optimizer.step()
    print("done")


if __name__ == "__main__":
    main()
