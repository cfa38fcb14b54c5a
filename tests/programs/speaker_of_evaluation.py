"""Speakers are counted over training's utterances; evaluation brings another. --fixed: over both."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Utterances(Dataset):
    def __init__(self, rows):
        self.rows = rows
        self.speakers = sorted({speaker for speaker, _ in rows})

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        speaker, frames = self.rows[i]
        return torch.tensor(speaker), torch.randn(frames, 8)  # ORIGIN HERE


def collate(samples):
    return torch.stack([speaker for speaker, _ in samples]), nn.utils.rnn.pad_sequence([frames for _, frames in samples], batch_first=True)


class Voice(nn.Module):
    def __init__(self, speakers):
        super().__init__()
        self.speaker, self.head = nn.Embedding(speakers, 8), nn.Linear(8, 1)

    def forward(self, speaker, frames):
        return self.head(frames + self.speaker(speaker)[:, None]).mean()  # FAIL HERE


def main():
    torch.manual_seed(0)
    training = Utterances([(i % 7, 10 + i % 5) for i in range(300)])
    held_out = Utterances([(i % 9, 10) for i in range(30)])
    model = Voice(len(set(training.speakers) | set(held_out.speakers)) if "--fixed" in sys.argv else len(training.speakers))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for speaker, frames in DataLoader(training, batch_size=2, collate_fn=collate):
        model(speaker, frames).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        for speaker, frames in DataLoader(held_out, batch_size=2, collate_fn=collate):
            model(speaker, frames)
    print("trained")


main()
