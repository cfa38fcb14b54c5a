"""Patches that are dropped at random, drawn once for the patches and again for their positions. --fixed: drawn once."""
import sys

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, width=16, patches=64, keep=0.5):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.position = nn.Parameter(torch.zeros(1, patches, width))
        self.block = nn.TransformerEncoderLayer(width, 2, 32, batch_first=True)
        self.keep = keep

    def kept(self, x):
        return torch.rand(x.shape[1]) < self.keep  # DRAWN HERE

    def forward(self, image):
        x = self.patch(image).flatten(2).transpose(1, 2)
        kept = self.kept(x)
        position = self.position[:, kept if "--fixed" in sys.argv else self.kept(self.position)]
        return self.block(x[:, kept] + position)  # FAIL HERE


torch.manual_seed(3)
model = Encoder()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for _ in range(20):
    model(torch.randn(2, 3, 64, 64)).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
print("trained")
