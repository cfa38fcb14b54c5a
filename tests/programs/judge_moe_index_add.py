"""Combining the experts' outputs with index_add_: for one batch the tokens were dropped by capacity, but their positions weren't."""
import sys

import torch
from torch import nn

CAPACITY = 12


class Layer(nn.Module):
    def __init__(self, dim=8, experts=4):
        super().__init__()
        self.gate = nn.Linear(dim, experts)
        self.experts = nn.ModuleList([nn.Linear(dim, dim) for _ in range(experts)])

    def forward(self, x):
        out = torch.zeros_like(x)
        choice = self.gate(x).argmax(-1)
        for number, expert in enumerate(self.experts):
            where = torch.where(choice == number)[0]  # INDEX
            tokens = x[where][:CAPACITY]  # ORIGIN
            if "--fixed" in sys.argv:
                where = where[:CAPACITY]
            out = out.index_add(0, where, expert(tokens))  # FAIL HERE
        return out


torch.manual_seed(0)
layer = Layer()
for parameter in layer.gate.parameters():
    parameter.requires_grad_(False)
optimizer = torch.optim.SGD([p for p in layer.parameters() if p.requires_grad], lr=0.01)
for step in range(1200):
    x = torch.randn(10, 8)
    if step == 1180:
        x = torch.randn(1, 8).repeat(17, 1) + 0.001 * torch.randn(17, 8)
    layer(x).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
