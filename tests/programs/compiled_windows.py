"""Windows of 8 under torch.compile: training's lengths are padded to a multiple of 8, those of evaluation aren't; the first happens to fit. With --fixed both are."""
import sys
from functools import partial

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

FIXED = "--fixed" in sys.argv
WINDOW = 8


def collate(lengths, multiple=1):
    x = pad_sequence([torch.randn(length, 16) for length in lengths], batch_first=True)
    return nn.functional.pad(x, (0, 0, 0, -x.shape[1] % multiple))


class Windowed(nn.Module):
    def __init__(self):
        super().__init__()
        self.project, self.score = nn.Linear(16, 24), nn.Linear(24, 1)

    def forward(self, x):
        b, t, _ = x.shape
        return self.score(self.project(x).view(b, t // WINDOW, WINDOW, 2, 12).mean(2).flatten(2))  # FAIL HERE


@torch.no_grad()
def evaluate(model, batches):
    model.eval()
    total = 0
    for x in batches:
        total += model(x).sum().item()
    return total


def main():
    torch.manual_seed(0)
    model = torch.compile(Windowed(), backend="eager", dynamic=True)
    training = partial(collate, multiple=WINDOW)
    validation = training if FIXED else collate
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(12):
        x = training([9 + step, 14 + step, 19 + 2 * step])
        optimizer.zero_grad()
        model(x).pow(2).mean().backward()
        optimizer.step()
    print("sum", evaluate(model, (validation(lengths) for lengths in [(20, 24, 11), (13, 29, 8)])))


if __name__ == "__main__":
    main()
