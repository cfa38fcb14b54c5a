"""Each batch is split into anchors and positives: it must be even, and the shuffled loader's last one isn't."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Views(Dataset):
    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return self.pictures

    def __getitem__(self, i):
        return torch.randn(12, generator=torch.Generator().manual_seed(i))


class PairLoss(nn.Module):
    def forward(self, z):
        if z.shape[0] % 2 != 0:
            raise ValueError("views must come in pairs")  # FAIL HERE
        anchors, positives = z.chunk(2)
        return nn.functional.cross_entropy(anchors @ positives.T, torch.arange(len(anchors)))


def main():
    torch.manual_seed(0)
    views = Views(249)
    loader = DataLoader(views, batch_size=6, shuffle=True, drop_last="--fixed" in sys.argv)
    net, criterion = nn.Linear(12, 8), PairLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for number, batch in enumerate(loader):
        loss = criterion(net(batch))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
