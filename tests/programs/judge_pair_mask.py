"""SimCLR in a few lines: the mask of the pairs with themselves is made when it is first needed. Evaluation has a rest of a batch."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class NTXent(nn.Module):
    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature
        self._masks = {}

    def own_pairs(self, n, device):
        key = (device, n) if "--fixed" in sys.argv else device
        if key not in self._masks:
            self._masks[key] = torch.eye(n, dtype=torch.bool, device=device)  # ORIGIN
        return self._masks[key]

    def forward(self, one, other):
        both = nn.functional.normalize(torch.cat([one, other]), dim=-1)
        mask = self.own_pairs(both.shape[0], both.device)
        similarity = (both @ both.t() / self.temperature).masked_fill(mask, float("-inf"))  # FAIL HERE
        rows = one.shape[0]
        target = torch.cat([torch.arange(rows) + rows, torch.arange(rows)])
        return nn.functional.cross_entropy(similarity, target)


def views(pictures):
    return [pictures + 0.1 * torch.randn_like(pictures) for _ in range(2)]


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    encoder = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 12))
    criterion = NTXent(0.5)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.05)
    train = DataLoader(TensorDataset(torch.rand(480, 3, 16, 16)), 12, shuffle=True, drop_last=True)
    held_out = DataLoader(TensorDataset(torch.rand(29, 3, 16, 16)), 12)
    for epoch in range(2):
        for (pictures,) in train:
            one, other = views(pictures)
            loss = criterion(encoder(one), encoder(other))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        with torch.no_grad():
            for (pictures,) in held_out:
                one, other = views(pictures)
                criterion(encoder(one), encoder(other))
    print("done", flush=True)


main()
