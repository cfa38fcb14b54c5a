"""Two crops of each picture: one that is too small for the larger is left out of the one list and kept in the other. --fixed: of both."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset):
    def __init__(self, count):
        generator = torch.Generator().manual_seed(3)
        self.sides = torch.randint(24, 60, (count,), generator=generator).tolist()
        self.sides[427] = 14

    def __len__(self):
        return len(self.sides)

    def crop(self, picture, side):
        return picture[:, :side, :side] if picture.shape[-1] >= side else None

    def __getitem__(self, i):
        picture = torch.rand(3, self.sides[i], self.sides[i])
        return self.crop(picture, 8), self.crop(picture, 16)


def collate(rows):
    if "--fixed" in sys.argv:
        rows = [(small, large) for small, large in rows if small is not None and large is not None]
    small = torch.stack([a for a, _ in rows if a is not None])
    large = torch.stack([b for _, b in rows if b is not None])  # LEFT OUT HERE
    return small, large


def main():
    torch.manual_seed(0)
    near, far = nn.Linear(3 * 64, 16), nn.Linear(3 * 256, 16)
    optimizer = torch.optim.SGD([*near.parameters(), *far.parameters()], lr=0.1)
    for small, large in DataLoader(Pictures(480), batch_size=8, collate_fn=collate):
        a, b = near(small.flatten(1)), far(large.flatten(1))
        loss = 1 - (a * b).sum(-1).mean()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
