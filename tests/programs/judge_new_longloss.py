"""CSV with a class column -> cross entropy."""
import csv
import io
import sys

import torch
from torch import nn

rows = "\n".join(f"{i % 7},{i % 5},{i % 3},{i % 4}" for i in range(120))
table = torch.tensor([[float(v) for v in row] for row in csv.reader(io.StringIO(rows))])  # ORIGIN
x, y = table[:, :3], table[:, 3]
if "--fixed" in sys.argv:
    y = y.long()
net = nn.Linear(3, 4)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for start in range(0, 120, 12):
    out = net(x[start:start + 12])
    loss = nn.CrossEntropyLoss()(out, y[start:start + 12])  # FAIL HERE
    opt.zero_grad()
    loss.backward()
    opt.step()
print("ok", flush=True)
