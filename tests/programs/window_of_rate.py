# Windows are cut by a recording's own rate; one was made at another, and its spectrum doesn't fit the bank.
import sys

import torch

RATE = 8000


class Bank:
    def __init__(self, bands=6):
        self.weight = torch.rand(RATE * 32 // 1000 // 2 + 1, bands)

    def features(self, sound, rate):
        if "--fixed" in sys.argv and rate != RATE:
            sound = torch.nn.functional.interpolate(sound[None, None], size=int(len(sound) * RATE / rate))[0, 0]
            rate = RATE
        size, step = int(rate * 0.032), rate // 100
        pieces = sound.unfold(0, size, step)
        return torch.fft.rfft(pieces).abs() @ self.weight  # FAIL HERE


bank = Bank()
for number in range(30):
    rate = 11025 if number == 22 else 8000
    bank.features(torch.rand(rate // 2), rate).log().mean()
print("done")
