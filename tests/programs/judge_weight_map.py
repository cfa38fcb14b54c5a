"""Segmentation with valid convolutions: the target is cropped to the output, the map of weights is not."""
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Conv2d(8, 2, 1))


def crop(t, like):
    edge = (t.shape[-1] - like.shape[-1]) // 2
    return t[..., edge:-edge, edge:-edge]  # ORIGIN


for step in range(3):
    image = torch.rand(2, 1, 40, 40)
    target = (image[:, 0] > 0.5).long()
    weight = 1 + 5 * torch.exp(-image[:, 0])
    out = net(image)
    if "--fixed" in sys.argv:
        weight = crop(weight, out)
    loss = F.cross_entropy(out, crop(target, out), reduction="none")
    loss = (loss * weight).mean()  # FAIL HERE
    loss.backward()
