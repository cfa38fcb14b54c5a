"""A network for sounds is thinned out after some training: a depthwise convolution loses channels, and keeps its groups. --fixed: it loses them, too."""
import sys

import torch
from torch import nn


class Mixer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.widen = nn.Conv1d(6, width, 1)
        self.along = nn.Conv1d(width, width, 5, padding=2, groups=width)
        self.narrow = nn.Conv1d(width, 6, 1)

    def forward(self, x):
        wide = nn.functional.gelu(self.widen(x))
        mixed = self.along(wide)  # FAIL HERE
        return x + self.narrow(mixed)


def take(parameter, dim, kept):
    return nn.Parameter(parameter.detach().index_select(dim, kept))  # CUT HERE


def thin_out(mixer, count):
    """Keeps the COUNT channels that weigh most."""
    kept = mixer.widen.weight.detach().abs().sum((1, 2)).topk(count).indices.sort().values
    for layer in (mixer.widen, mixer.along):
        layer.weight, layer.bias = take(layer.weight, 0, kept), take(layer.bias, 0, kept)
        layer.out_channels = count
    mixer.narrow.weight = take(mixer.narrow.weight, 1, kept)
    mixer.along.in_channels = mixer.narrow.in_channels = count
    if "--fixed" in sys.argv:
        mixer.along.groups = count


def main():
    torch.manual_seed(0)
    model = nn.Sequential(Mixer(20), Mixer(20))
    for step in range(90):
        if step in (0, 70):
            if step:
                thin_out(model[1], 14)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        model(torch.randn(4, 6, int(torch.randint(20, 60, ())))).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
