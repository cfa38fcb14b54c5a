"""A table of times for max_seconds * fps frames, and one clip that is longer. --fixed: the table is for the longest."""
import argparse

import torch
from torch import nn


class Captioner(nn.Module):
    def __init__(self, max_seconds, fps, width=16):
        super().__init__()
        self.frames = nn.Linear(12, width)
        self.when = nn.Parameter(torch.zeros(max_seconds * fps, width))  # MADE HERE
        self.head = nn.Linear(width, 40)

    def forward(self, clips):
        pooled = self.frames(clips)
        return self.head(pooled + self.when[:clips.shape[1]])  # FAIL HERE


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fps", type=int, default=2)
    parser.add_argument("--max-seconds", type=int, default=6)
    parser.add_argument("--fixed", action="store_true")
    args = parser.parse_args()
    generator = torch.Generator().manual_seed(3)
    seconds = torch.randint(2, 6, (90,), generator=generator).tolist()
    seconds[71] = 8
    if args.fixed:
        args.max_seconds = max(seconds)
    model = Captioner(args.max_seconds, args.fps)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for length in seconds:
        model(torch.rand(2, length * args.fps, 12)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
