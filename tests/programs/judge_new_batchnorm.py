"""It runs for the whole epoch and then dies at the last batch."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(4801, 6), torch.randint(0, 3, (4801,)))
loader = DataLoader(data, batch_size=4, shuffle=True, drop_last="--fixed" in sys.argv)
model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for xb, yb in loader:
    out = model(xb)  # FAIL HERE
    loss = nn.functional.cross_entropy(out, yb)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("epoch done", flush=True)
