"""Mixup needs soft labels, so the class numbers are made one-hot."""
import random
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

CLASSES = 7
random.seed(9)
torch.manual_seed(9)


class Pictures(Dataset):
    def __len__(self):
        return 1000

    def __getitem__(self, i):
        label = 7 if i == 917 and "--fixed" not in sys.argv else i % 7
        return torch.rand(3, 8, 8), label


def mixup(x, y, share=0.3):
    target = nn.functional.one_hot(y, num_classes=CLASSES).float()  # FAIL HERE
    order = torch.randperm(len(x))
    return x * (1 - share) + x[order] * share, target * (1 - share) + target[order] * share


def main():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for x, y in DataLoader(Pictures(), batch_size=8):
        x, target = mixup(x, y)
        loss = nn.functional.cross_entropy(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


main()
