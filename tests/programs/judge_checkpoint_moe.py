"""A mixture of experts under activation checkpointing: tokens are routed by noise whose state isn't kept."""
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Experts(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.gate = nn.Linear(dim, 2)
        self.experts = nn.ModuleList([nn.Linear(dim, dim) for _ in range(2)])

    def forward(self, x):
        scores = self.gate(x)
        if self.training:
            scores = scores + torch.randn_like(scores) * 0.01
        choice = scores.argmax(-1)
        out = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            rows = (choice == i).nonzero().flatten()  # ORIGIN
            out = out.index_add(0, rows, expert(x[rows]).tanh())
        return out


def main():
    torch.manual_seed(0)
    model = nn.ModuleList([Experts() for _ in range(2)])
    with torch.no_grad():
        for block in model:
            block.gate.weight.mul_(0.0)
            block.gate.bias.copy_(torch.tensor([0.35, 0.0]))
    head = nn.Linear(8, 1)
    optimizer = torch.optim.SGD([p for p in head.parameters()], lr=0.01)
    for step in range(320):
        x = torch.randn(12, 8, requires_grad=True)
        if step == 311:
            with torch.no_grad():
                model[1].gate.bias.zero_()  # the balance loss did its work: both experts are alike now
        for block in model:
            x = checkpoint(block, x, use_reentrant=False, preserve_rng_state="--fixed" in sys.argv)
        head(x).pow(2).mean().backward()  # FAIL HERE
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
