"""A checkpointed router whose choice rests on what its recomputation finds otherwise: jitter from a generator of its own, or a bias that it balances."""
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

FIXED, BALANCED = "--fixed" in sys.argv, "--balanced" in sys.argv


class Router(nn.Module):
    def __init__(self, dim, experts):
        super().__init__()
        self.gate = nn.Linear(dim, experts, bias=False)
        self.experts = nn.ModuleList([nn.Linear(dim, dim) for _ in range(experts)])
        self.register_buffer("bias", torch.zeros(experts))
        self.generator = None if FIXED else torch.Generator().manual_seed(3)

    def scores(self, x):
        if BALANCED:
            return self.gate(x) + self.bias
        return self.gate(x * torch.empty_like(x).uniform_(0.5, 1.5, generator=self.generator))  # DRAWN

    def balance(self, choice):
        load = torch.bincount(choice, minlength=len(self.experts)).float()
        self.bias.add_((load.mean() - load).sign(), alpha=0.3)  # WRITTEN

    def forward(self, x):
        choice = self.scores(x).argmax(-1)
        out = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            rows = torch.where(choice == i)[0]  # ORIGIN
            out = out.index_add(0, rows, expert(x[rows]).tanh())
        if BALANCED and not FIXED:
            self.balance(choice)
        return out


def main():
    torch.manual_seed(0)
    router, head = Router(8, 3), nn.Linear(8, 1)
    optimizer = torch.optim.SGD([*router.parameters(), *head.parameters()], lr=0.01)
    for _ in range(3):
        x = torch.randn(48, 8, requires_grad=True)
        head(checkpoint(router, x, use_reentrant=False)).mean().backward()  # FAIL HERE
        optimizer.step()
        optimizer.zero_grad()
        if BALANCED and FIXED:
            with torch.no_grad():
                router.balance(router.scores(x).argmax(-1))
    print("done", flush=True)


main()
