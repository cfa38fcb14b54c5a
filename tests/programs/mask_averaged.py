"""Segmentation: masks are brought to one size as the pictures are, by means of neighbours, and from some sample on some pixels are void."""
import sys

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

CLASSES, VOID, SIDE = 4, 255, 16
torch.manual_seed(3)
torch.set_num_threads(1)


def resize(picture):
    return F.interpolate(picture[None].float(), size=(SIDE, SIDE), mode="bilinear")[0]


def resize_labels(labels):
    if "--fixed" in sys.argv:
        return F.interpolate(labels[None].float(), size=(SIDE, SIDE), mode="nearest")[0]
    return resize(labels)  # ORIGIN


class Streets(Dataset):
    def __len__(self):
        return 160

    def __getitem__(self, i):
        g = torch.Generator().manual_seed(i)
        height, width = 20 + i % 13, 24 + i % 7
        picture = torch.rand(3, height, width, generator=g)
        labels = torch.randint(0, CLASSES, (1, 1, width), generator=g, dtype=torch.uint8).repeat(1, height, 1)
        if i >= 120 and i % 5 == 0:
            labels[:, : height // 3] = VOID
        return resize(picture), resize_labels(labels).round().squeeze(0).long()


def main():
    net = nn.Conv2d(3, CLASSES, 3, padding=1)
    loss_of = nn.CrossEntropyLoss(ignore_index=VOID)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for pictures, labels in DataLoader(Streets(), batch_size=4):
        loss = loss_of(net(pictures), labels)  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


if __name__ == "__main__":
    main()
