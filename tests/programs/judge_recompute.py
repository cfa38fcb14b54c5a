"""Activation checkpointing over a block that drops tokens by a counter: the second run of the block keeps another number."""
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

FIXED = "--fixed" in sys.argv


class TokenDrop(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.proj = nn.Linear(8, 8)

    def keep(self, length):
        self.calls += 1
        return length if FIXED or self.calls < 400 else length - self.calls % 3

    def forward(self, x):
        x = x[:, :self.keep(x.shape[1])]  # ORIGIN
        return torch.relu(self.proj(x)).square()


def main():
    torch.manual_seed(0)
    block, head = TokenDrop(), nn.Linear(8, 1)
    optimizer = torch.optim.SGD([*block.parameters(), *head.parameters()], lr=1e-3)
    for step in range(300):
        x = torch.randn(2, 6 + step % 11, 8)
        hidden = checkpoint(block, x, use_reentrant=False)
        loss = head(hidden).mean()
        loss.backward()  # FAIL HERE
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
