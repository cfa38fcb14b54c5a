"""A vocoder's frames under torch.compile: pooling rounds the samples' number up, the weights' number is divided and rounded down. The first chunks are multiples of the hop; the
tail isn't. With --fixed chunks are cut to multiples."""
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
HOP = 6


class Frames(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool, self.wide = nn.AvgPool1d(HOP, ceil_mode=True), nn.Linear(4, 20)

    def forward(self, sound, weights):
        frames = self.wide(self.pool(sound.mT).mT)
        gains = weights[:, : weights.shape[1] // HOP * HOP].unflatten(1, (-1, HOP)).mean(2)
        return frames + gains[..., None]  # FAIL HERE


def chunks(total, size):
    for start in range(0, total, size):
        end = min(start + size, total)
        if FIXED:
            end -= (end - start) % HOP
        yield torch.randn(3, end - start, 4), torch.rand(3, end - start)


def main():
    torch.manual_seed(0)
    model = Frames()
    fast = torch.compile(model, backend="eager", dynamic=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for part, (total, size) in enumerate([(480, 48), (540, 54), (600, 60), (290, 90)]):
        for sound, weights in chunks(total, size):
            loss = fast(sound, weights).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print("part", part)


if __name__ == "__main__":
    main()
