"""A vision tower left in float32 gets half precision images."""
import torch
from torch import nn


class VisionTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, 8, kernel_size=4, stride=4)
        self.norm = nn.LayerNorm(8)

    def forward(self, pixels):
        patches = self.patch_embed(pixels)  # FAIL HERE
        return self.norm(patches.flatten(2).transpose(1, 2))


def main():
    torch.manual_seed(0)
    tower = VisionTower()
    print(tuple(tower(torch.randn(2, 3, 16, 16)).shape), flush=True)
    pixels = torch.randn(2, 3, 16, 16).half()  # ORIGIN
    tower(pixels)


main()
