"""Segmentation with skip connections on crops of many sizes; a crop whose height is odd at the second level doesn't come back."""
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv


def block(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.bottom = block(1, 4), block(4, 8), block(8, 8)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.Upsample(scale_factor=2)
        self.up2, self.up1 = block(16, 4), block(8, 2)

    def forward(self, x):
        skip1 = self.down1(x)
        skip2 = self.down2(self.pool(skip1))
        deep = self.bottom(self.pool(skip2))
        x = torch.cat([skip2, self.up(deep)], dim=1)  # FAIL HERE
        x = torch.cat([skip1, self.up(self.up2(x))], dim=1)
        return self.up1(x)


def crop(scan, top, left, height, width):
    if FIXED:
        height, width = height // 4 * 4, width // 4 * 4
    return scan[:, :, top:top + height, left:left + width]  # ORIGIN


def main():
    torch.manual_seed(0)
    model = UNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scan = torch.rand(1, 1, 64, 64)
    for step in range(610):
        height, width = 8 + 4 * (step % 7), 8 + 4 * (step % 5)
        if step == 604:
            height = 30
        x = crop(scan, step % 20, step % 30, height, width)
        loss = nn.functional.cross_entropy(model(x), (x[:, 0] > 0.5).long())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
