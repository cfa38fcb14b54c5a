"""Recordings of the heart are [leads, samples]; one file was written as [samples, leads]. The mean over the leads leaves 3 of 450 samples."""
import random
import sys

import torch
import torch.nn.functional as F
from torch import nn


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.filters = nn.Parameter(torch.randn(6, 1, 40))
        self.out = nn.Linear(6, 2)

    def forward(self, recording):
        trace = recording.mean(0)
        seen = F.conv1d(trace[None, None], self.filters, stride=8)  # FAIL HERE
        return self.out(seen.mean(2))


def read(n, rng):
    leads, samples = rng.choice([2, 3]), rng.randint(250, 700)
    if n == 45:
        recording = torch.randn(450, 3)  # ORIGIN
        return recording.T if "--fixed" in sys.argv else recording
    return torch.randn(leads, samples)


def main():
    torch.manual_seed(0)
    rng = random.Random(3)
    model = Detector()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for n in range(50):
        loss = F.cross_entropy(model(read(n, rng)), torch.tensor([n % 2]))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
