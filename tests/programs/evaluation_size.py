"""Pictures that training crops to 32 and evaluation resizes to 36: the flattened features are too wide for the head. --fixed: to 32."""
import random
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

SIDE = 32 if "--fixed" in sys.argv else 36


class Pictures(Dataset):
    def __init__(self, count, transform):
        self.count, self.transform = count, transform

    def __len__(self):
        return self.count

    def __getitem__(self, at):
        picture = torch.rand(3, 36 + at % 3, 36 + at % 5, generator=torch.Generator().manual_seed(at))
        return self.transform(picture), at % 10


def crop(picture):
    top, left = random.randrange(picture.shape[1] - 31), random.randrange(picture.shape[2] - 31)
    return picture[:, top:top + 32, left:left + 32]


def resize(picture):
    return nn.functional.interpolate(picture[None], size=(SIDE, SIDE))[0]  # ORIGIN


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Linear(8 * 8 * 8, 10)

    def forward(self, pictures):
        return self.head(self.body(pictures).flatten(1))  # FAIL HERE


def evaluate(net):
    net.eval()
    with torch.no_grad():
        for pictures, labels in DataLoader(Pictures(20, resize), batch_size=4):
            net(pictures).argmax(1) == labels


net = Net()
optimizer = torch.optim.AdamW(net.parameters())
for pictures, labels in DataLoader(Pictures(80, crop), batch_size=4):
    nn.functional.cross_entropy(net(pictures), labels).backward()
    optimizer.step()
    optimizer.zero_grad()
evaluate(net)
