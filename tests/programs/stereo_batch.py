"""Recordings come from workers as [1, n]; each is given a channel's dimension before the first layer. One file has two channels, and comes as [1, n, 2]."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

STEREO = 91
torch.manual_seed(5)
torch.set_num_threads(1)


class Files(Dataset):
    def __len__(self):
        return 120

    def __getitem__(self, i):
        wave = torch.sin(torch.arange(300 + (i * 37) % 90) / (3.0 + i % 5))
        if i == STEREO:
            wave = torch.stack([wave, -wave], -1)
            if "--fixed" in sys.argv:
                wave = wave.mean(-1)
        return wave, torch.tensor([i % 4])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.Conv1d(1, 6, 20, stride=10)
        self.head = nn.Linear(6, 4)

    def forward(self, wave):
        wave = wave.unsqueeze(1)
        return self.head(torch.relu(self.front(wave)).mean(-1))  # FAIL HERE


def main():
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for wave, speaker in DataLoader(Files(), batch_size=1, num_workers=2):  # ORIGIN
        loss = nn.functional.cross_entropy(net(wave), speaker[:, 0])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


if __name__ == "__main__":
    main()
