"""Attention over the regions that a detector found; the mask of the empty ones is made for a fixed number."""
import random
import sys

import torch
from torch import nn

torch.manual_seed(0)
random.seed(3)
TOP = 36


class Reader(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.region = nn.Linear(12, dim)
        self.word = nn.Embedding(100, dim)
        self.attention = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.head = nn.Linear(dim, 10)

    def forward(self, words, regions, empty):
        seen = self.region(regions)
        hidden, _ = self.attention(self.word(words), seen, seen, key_padding_mask=empty)  # FAIL HERE
        return self.head(hidden.mean(1))


def detect(step):
    counts = [random.randint(5, TOP) for _ in range(3)]
    if step == 64 and "--fixed" not in sys.argv:
        counts[1] = 41
    regions = torch.zeros(3, max(counts), 12)
    for i, count in enumerate(counts):
        regions[i, :count] = torch.rand(count, 12)
    empty = torch.arange(TOP)[None, :] >= torch.tensor(counts)[:, None]
    return regions, empty[:, :max(counts)]


net = Reader()
optimizer = torch.optim.SGD(net.parameters(), 0.1)
for step in range(80):
    regions, empty = detect(step)
    loss = nn.functional.cross_entropy(net(torch.randint(0, 100, (3, 7)), regions, empty), torch.randint(0, 10, (3,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("done")
