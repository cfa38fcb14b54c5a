"""An average of weights, written by hand over lists; the network gets one more layer on the way."""
import sys

import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)


class Average:
    def __init__(self, model, decay=0.95):
        self.decay = decay
        self.shadow = [p.detach().clone() for p in model.parameters()]

    @torch.no_grad()
    def update(self, model):
        torch._foreach_mul_(self.shadow, self.decay)
        torch._foreach_add_(self.shadow, list(model.parameters()), alpha=1 - self.decay)  # FAIL HERE


def main():
    model = nn.Sequential(*[nn.Linear(8, 8) for _ in range(12)])
    average = Average(model)
    for epoch in range(3):
        if epoch == 1:
            model.add_module("extra", nn.Linear(8, 3))
            if "--fixed" in sys.argv:
                average = Average(model)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(20):
            model(torch.randn(4 + step % 3, 8)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
            average.update(model)


main()
