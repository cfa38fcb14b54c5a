"""Recordings of one channel are read, squeezed and padded to a batch in a worker; one of them has two channels."""
import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

STEREO = 133
torch.manual_seed(5)
torch.set_num_threads(1)


def read(i):
    channels = 2 if i == STEREO else 1
    frames = 200 + (i * 37) % 90
    return torch.from_numpy(torch.sin(torch.arange(channels * frames) / (3 + i % 5)).view(channels, frames).numpy())  # ORIGIN


class Takes(Dataset):
    def __len__(self):
        return 160

    def __getitem__(self, i):
        wave = read(i)
        if "--fixed" in sys.argv:
            wave = wave.mean(0, keepdim=True)
        return (wave - wave.mean()).squeeze(0), i % 4  # LEFT


def collate(rows):
    waves = pad_sequence([wave for wave, _ in rows], batch_first=True)  # FAIL HERE
    return waves, torch.tensor([speaker for _, speaker in rows])


def main():
    net = nn.Sequential(nn.Conv1d(1, 6, 20, stride=10), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 4))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for waves, speakers in DataLoader(Takes(), batch_size=4, num_workers=1, collate_fn=collate):
        loss = nn.functional.cross_entropy(net(waves[:, None]), speakers)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


if __name__ == "__main__":
    main()
