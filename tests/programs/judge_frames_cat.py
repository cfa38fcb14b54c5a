"""Video clips with sound: picture features and sound features of each frame are joined, as an omni-modal collator does.

A clip has one picture for every 1600 samples of sound; one recording of the set is a few samples short.
"""
import sys

import numpy
import torch
from torch import nn

FIXED = "--fixed" in sys.argv
WINDOW = 1600


def recording(number):
    frames = 46 if number == 1203 else 3 + number * 7 % 44
    samples = frames * WINDOW - (900 if number == 1203 else 0)
    return frames, numpy.sin(numpy.arange(samples, dtype=numpy.float32) * (1 + number % 5))


def sound_windows(wave):
    if FIXED and len(wave) % WINDOW:
        wave = nn.functional.pad(wave, (0, WINDOW - len(wave) % WINDOW))
    return wave.unfold(0, WINDOW, WINDOW)  # ORIGIN


class Fusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.picture = nn.Linear(12, 8)
        self.sound = nn.Linear(WINDOW, 4)
        self.head = nn.Linear(12, 1)

    def forward(self, pictures, windows):
        picture_features = self.picture(pictures)
        sound_features = self.sound(windows)
        joined = torch.cat([picture_features, sound_features], dim=1)  # FAIL HERE
        return self.head(joined).mean()


def main():
    torch.manual_seed(0)
    model = Fusion()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for number in range(1210):
        frames, wave = recording(number)
        pictures = torch.randn(frames, 12)
        windows = sound_windows(torch.from_numpy(wave))
        loss = model(pictures, windows)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
