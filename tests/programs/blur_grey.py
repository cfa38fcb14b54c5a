"""Pictures are blurred channel by channel, with a kernel for each that there is, in three groups; one is grey. --fixed: as many groups as channels."""
import sys

import torch
from torch import nn


def blur(pictures):
    channels = pictures.shape[1]
    kernel = torch.ones(channels, 1, 5, 5) / 25
    return nn.functional.conv2d(pictures, kernel, padding=2, groups=channels if "--fixed" in sys.argv else 3)  # FAIL HERE


def main():
    torch.manual_seed(0)
    model = nn.Conv2d(3, 4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(60):
        height, width = torch.randint(16, 30, (2,)).tolist()
        pictures = torch.rand(2, 1 if step == 47 else 3, height, width)
        model(blur(pictures).expand(-1, 3, -1, -1)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
