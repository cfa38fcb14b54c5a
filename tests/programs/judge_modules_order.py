"""Resumed with a model whose modules were added in another order (as over a set, which each process goes through in its own order)."""
import io
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
LAYERS = {"stem": (6, 14), "middle": (14, 9), "top": (9, 3)}


class Net(nn.Module):
    def __init__(self, names):
        super().__init__()
        for name in sorted(names) if FIXED else names:
            self.add_module(name, nn.Linear(*LAYERS[name]))

    def forward(self, x):
        return self.top(self.middle(self.stem(x).relu()).relu())


def train(model, optimizer, steps):
    for step in range(steps):
        loss = model(torch.randn(4 + step % 3, 6)).square().mean()
        loss.backward()
        optimizer.step()  # FAIL HERE
        optimizer.zero_grad()


def main():
    torch.manual_seed(0)
    model = Net(["stem", "top", "middle"])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    train(model, optimizer, 20)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    state = torch.load(file)  # ORIGIN
    model = Net(["stem", "middle", "top"])
    model.load_state_dict(state["model"])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    optimizer.load_state_dict(state["optimizer"])
    train(model, optimizer, 5)


main()
