"""Windowed attention: the map is cut into windows by a view; one picture's height isn't a multiple of the window."""
import sys

import torch
from torch import nn

WINDOW = 4
FIXED = "--fixed" in sys.argv


def window_partition(x, window):
    B, H, W, C = x.shape
    x = x.view(B, H // window, window, W // window, window, C)  # FAIL HERE
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window * window, C)


class Stage(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, kernel_size=2, stride=2)
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, pixels):
        x = self.patch(pixels)  # ORIGIN
        if FIXED:
            x = nn.functional.pad(x, (0, -x.shape[3] % WINDOW, 0, -x.shape[2] % WINDOW))
        x = self.norm(x.permute(0, 2, 3, 1))
        windows = window_partition(x.contiguous(), WINDOW)
        return self.attention(windows, windows, windows)[0].mean()


def main():
    torch.manual_seed(0)
    stage = Stage()
    optimizer = torch.optim.AdamW(stage.parameters(), lr=1e-3)
    for step in range(520):
        height, width = 8 * (1 + step % 3), 8 * (1 + step % 2)
        if step == 512:
            height = 28
        loss = stage(torch.rand(1, 3, height, width))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
