# Windows over a series, each with what lies before it: the first ones have nothing there. --fixed begins where they have.
import random
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

OVERLAP, WINDOW = 9, 6


class Windows(Dataset):
    def __init__(self, series):
        self.series = series
        late = list(range(OVERLAP if "--fixed" in sys.argv else 2, 60))
        random.Random(0).shuffle(late)
        self.order = list(range(200, 300)) + late

    def __len__(self):
        return len(self.order)

    def __getitem__(self, i):
        begin = self.order[i]
        left = begin - OVERLAP
        return self.series[begin:begin + WINDOW], self.series[left:begin + WINDOW]


def collate(samples):
    return torch.stack([a for a, _ in samples]), torch.stack([b for _, b in samples])  # FAIL HERE


def main():
    torch.manual_seed(0)
    model = nn.Linear((OVERLAP + WINDOW) * 3, WINDOW * 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for window, before in DataLoader(Windows(torch.randn(400, 3)), batch_size=4, collate_fn=collate):
        (model(before.flatten(1)) - window.flatten(1)).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
