"""Denoising of recordings with strided convolutions: lengths are cut to a multiple of 16, three strides divide them by 32."""
import sys
from dataclasses import dataclass

import torch
from torch import nn

FIXED = "--fixed" in sys.argv


@dataclass
class Config:
    strides: tuple = (4, 4, 2)
    width: int = 6
    length_multiple: int = 32 if FIXED else 16
    batch: int = 3


class Down(nn.Sequential):
    def __init__(self, inputs, outputs, stride):
        super().__init__(nn.Conv1d(inputs, outputs, 2 * stride, stride, padding=stride // 2), nn.GELU())


class Up(nn.Sequential):
    def __init__(self, inputs, outputs, stride):
        super().__init__(nn.ConvTranspose1d(inputs, outputs, 2 * stride, stride, padding=stride // 2), nn.GELU())


class Denoiser(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config.width
        self.enter = nn.Conv1d(1, width, 5, padding=2)
        self.down = nn.ModuleList(Down(width, width, s) for s in config.strides)
        self.up = nn.ModuleList(Up(width, width, s) for s in reversed(config.strides))
        self.mix = nn.ModuleList(nn.Conv1d(2 * width, width, 1) for _ in config.strides)
        self.leave = nn.Conv1d(width, 1, 5, padding=2)

    def forward(self, wave):
        x = self.enter(wave)
        kept = []
        for down in self.down:
            kept.append(x)
            x = down(x)
        for up, mix in zip(self.up, self.mix):
            x = mix(torch.cat([kept.pop(), up(x)], dim=1))  # FAIL HERE
        return self.leave(x)


def cut(recording, config):
    length = recording.shape[-1] // config.length_multiple * config.length_multiple
    return recording[..., :length]  # ORIGIN


def main():
    torch.manual_seed(0)
    config = Config()
    model = Denoiser(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(240):
        samples = 64 * (1 + step % 5) + 3 if step != 222 else 250
        clean = cut(torch.rand(config.batch, 1, samples), config)
        loss = (model(clean + 0.1 * torch.randn_like(clean)) - clean).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("done", flush=True)


main()
