# The best weights so far are kept as a model in bfloat16 to save memory; scored on the data that the trained one takes. --fixed keeps them in float32.
import copy
import sys

import torch
from torch import nn

HELD = torch.float32 if "--fixed" in sys.argv else torch.bfloat16


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(7, 9)
        self.outer = nn.Linear(9, 1)

    def forward(self, rows):
        hidden = torch.tanh(self.inner(rows))  # FAIL HERE
        return self.outer(hidden)


def snapshot(net):
    return copy.deepcopy(net).to(HELD)  # CAST


def draw():
    rows = torch.randn(6, 7)
    rows = (rows - rows.mean(0)) / (rows.std(0) + 1)
    return rows, rows.sum(1, keepdim=True)


def score(net):
    with torch.no_grad():
        rows, wanted = draw()
        return (net(rows).float() - wanted).abs().mean().item()  # ASKED


torch.manual_seed(11)
net = Regressor()
optimizer = torch.optim.Adam(net.parameters(), 0.01)
for step in range(24):
    rows, wanted = draw()
    loss = nn.functional.mse_loss(net(rows), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
best = snapshot(net)
print(round(score(net), 3))
print(round(score(best), 3))
