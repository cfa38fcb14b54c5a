"""Mixup: each batch is mixed with itself in the other order, made for the full size."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
net = nn.Linear(9, 4)
BATCH_SIZE = 24
data = TensorDataset(torch.randn(1210, 9), torch.randint(0, 4, (1210,)))
for epoch in range(2):
    for x, y in DataLoader(data, batch_size=BATCH_SIZE, shuffle=True, drop_last="--fixed" in sys.argv):
        order = torch.tensor(list(reversed(range(BATCH_SIZE))))  # ORIGIN
        mixed = 0.3 * x + 0.7 * x[order]  # FAIL HERE
        nn.functional.cross_entropy(net(mixed), y).backward()
