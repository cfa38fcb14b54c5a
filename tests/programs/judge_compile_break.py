"""torch.compile(backend="eager"): the module breaks the graph at a data-dependent count; what follows runs eagerly and fails there."""
import sys

import torch
from torch import nn


class Pooler(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(8, 8)
        self.slots = nn.Parameter(torch.zeros(9, 8))

    def forward(self, x, keep):
        hidden = self.project(x).tanh()
        rows = hidden[keep]
        count = int(keep.sum())
        torch._dynamo.graph_break()
        return self.attach(rows, count)

    @torch._dynamo.disable
    def attach(self, rows, count):
        if "--fixed" in sys.argv:
            rows = rows[: len(self.slots)]
            count = len(rows)
        return rows + self.slots[:count]  # FAIL HERE


torch.manual_seed(0)
model = Pooler()
compiled = torch.compile(model, backend="eager", dynamic=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(420):
    length = 14 if step == 411 else 10 + step % 4
    keep = torch.arange(length) % 2 == 0 if step != 411 else torch.arange(length) < 11  # MASK
    compiled(torch.randn(length, 8), keep).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
