"""Resumed with the layers in another order: each parameter gets another one's moments."""
import io
import sys

import torch
from torch import nn


def build():
    return nn.Sequential(nn.Linear(6, 14), nn.ReLU(), nn.Linear(14, 9), nn.ReLU(), nn.Linear(9, 3))


def optimizer_of(model, backwards):
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    if backwards and "--fixed" not in sys.argv:
        layers.reverse()
    return torch.optim.Adam([p for layer in layers for p in layer.parameters()], lr=0.01)


def train(model, optimizer, steps):
    for step in range(steps):
        loss = model(torch.randn(4 + step % 3, 6)).square().mean()
        loss.backward()
        optimizer.step()  # FAIL HERE
        optimizer.zero_grad()


def main():
    torch.manual_seed(0)
    model = build()
    optimizer = optimizer_of(model, backwards=False)
    train(model, optimizer, 20)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    state = torch.load(file)  # ORIGIN
    model = build()
    model.load_state_dict(state["model"])
    optimizer = optimizer_of(model, backwards=True)
    optimizer.load_state_dict(state["optimizer"])
    train(model, optimizer, 5)


main()
