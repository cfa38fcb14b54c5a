"""A block that keeps its keys for what comes next, under activation checkpointing: run again for the backward it finds its own keys and appends them
once more, which its forward never did. With --fixed the cache is off while checkpointing."""
import sys

import torch
from torch.utils.checkpoint import checkpoint

FIXED = "--fixed" in sys.argv


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(8, 8)

    def forward(self, x, mask, past, use_cache):
        key = self.project(x)
        if use_cache:
            if "key" in past:
                key = torch.cat([past["key"], key], dim=1)
            past["key"] = key.detach()
        weights = x @ key.transpose(1, 2)
        weights = weights + mask  # FAIL HERE
        return weights.softmax(-1) @ key


def main():
    torch.manual_seed(0)
    block, head, use_cache = Attention(), torch.nn.Linear(8, 1), True
    for step in range(6):
        long = step >= 4
        x = torch.randn(2, 24 if long else 8 + step, 8, requires_grad=True)
        mask = torch.zeros(x.shape[1], x.shape[1])
        if long:
            out = checkpoint(block, x, mask, {}, use_cache and not FIXED, use_reentrant=True)
        else:
            out = block(x, mask, {}, use_cache)
        head(out).mean().backward()
    print("done")


if __name__ == "__main__":
    main()
