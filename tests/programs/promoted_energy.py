"""A model in bfloat16 is given frames that a float32 piece made float32; its clock takes over their dtype and fails first."""
import sys

import torch
from torch import nn


class Clock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def forward(self, times, frames):
        steps = torch.arange(self.width, dtype=torch.float32)
        waves = torch.sin(times[:, None].float() / (1 + steps))
        return waves.to(dtype=frames.dtype)


class Tagger(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.clock = Clock(width)
        self.shift = nn.Linear(width, width)
        self.enter = nn.Linear(13, width)
        self.head = nn.Linear(width, 5)

    def forward(self, frames, times):
        code = self.clock(times, frames)
        moved = self.shift(code)  # FAIL HERE
        return self.head(torch.tanh(self.enter(frames) + moved[:, None]))


def frames_of(wave, fixed):
    spectrum = torch.fft.rfft(wave).abs()[..., :12].to(torch.bfloat16)
    energy = wave.square().mean(-1, keepdim=True)
    if fixed:
        energy = energy.to(torch.bfloat16)
    return torch.cat([spectrum, energy], dim=-1)  # PROMOTED HERE


def main():
    torch.manual_seed(0)
    fixed = "--fixed" in sys.argv
    model = Tagger(16).to(torch.bfloat16)
    wave = torch.randn(2, 7, 32)
    print(model(frames_of(wave, fixed), torch.randint(0, 100, (2,))).float().sum().item())


main()
