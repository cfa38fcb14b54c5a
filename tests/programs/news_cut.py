"""Waves are cut to a limit after their lengths were taken; one is longer than the limit."""
import sys

import torch
from torch import nn

LIMIT = 80


def lengths_of(waves):
    return torch.tensor([min(len(w), LIMIT) if "--fixed" in sys.argv else len(w) for w in waves])


def pad(waves):
    waves = [w[:LIMIT] for w in waves]  # CAUSE
    values = torch.zeros(len(waves), max(len(w) for w in waves))
    for row, wave in zip(values, waves):
        row[: len(wave)] = wave
    return values


def main():
    conv = nn.Conv1d(1, 4, 4, stride=2)
    optimizer = torch.optim.SGD(conv.parameters(), lr=0.01)
    for step in range(30):
        waves = [torch.randn(20 + (step * 7 + i * 5) % 50 if step < 28 else 93) for i in range(3)]
        frames = (lengths_of(waves) - 4) // 2 + 1
        hidden = conv(pad(waves)[:, None]).transpose(1, 2)
        mask = torch.tensor([[i < n for i in range(max(frames))] for n in frames.tolist()])
        loss = hidden.masked_fill(~mask[..., None], 0).square().mean()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
