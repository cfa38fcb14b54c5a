"""A driving model joins camera, radar and map features. Where no radar echo came, a stand-in is made as wide as the raw echo, not as its features."""
import sys

import torch
from torch import nn

RAW = {"camera": 6, "radar": 12, "map": 5}


class Driver(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.width = width
        self.parts = nn.ModuleDict({name: nn.Linear(raw, width) for name, raw in RAW.items()})
        self.mix = nn.Sequential(nn.Linear(3 * width, 20), nn.ReLU(), nn.Linear(20, 2))

    def silent(self, name, rows):
        return torch.zeros(rows, self.width if "--fixed" in sys.argv else RAW[name])  # ORIGIN

    def see(self, name, data, rows):
        if data is None:
            return self.silent(name, rows)
        return self.parts[name](data)

    def forward(self, scene, rows):
        features = torch.cat([self.see(name, scene[name], rows) for name in RAW], dim=1)
        return self.mix(features)  # FAIL HERE


def main():
    torch.manual_seed(0)
    model = Driver()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(40):
        rows = 3 + step % 4
        scene = {name: torch.randn(rows, raw) for name, raw in RAW.items()}
        if step == 31:
            scene["radar"] = None
        loss = model(scene, rows).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
