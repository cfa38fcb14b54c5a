"""MoCo: a queue of keys; each batch overwrites the oldest."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class MoCo(nn.Module):
    def __init__(self, dim=16, length=256):
        super().__init__()
        self.query = nn.Linear(24, dim)
        self.key = nn.Linear(24, dim)
        self.length = length
        self.register_buffer("queue", torch.randn(dim, length))
        self.pointer = 0

    @torch.no_grad()
    def enqueue(self, keys):
        size = keys.shape[0]
        self.queue[:, self.pointer:self.pointer + size] = keys.T  # FAIL HERE
        self.pointer = (self.pointer + size) % self.length

    def forward(self, x):
        q, k = self.query(x), self.key(x).detach()
        same = (q * k).sum(1, keepdim=True)
        logits = torch.cat([same, q @ self.queue.clone()], dim=1)
        self.enqueue(k)
        return logits


model = MoCo()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(torch.rand(1500, 24)), batch_size=32, shuffle=True, drop_last="--fixed" in sys.argv)
for epoch in range(3):
    for (x,) in loader:
        logits = model(x)
        loss = nn.functional.cross_entropy(logits, torch.zeros(len(x), dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
