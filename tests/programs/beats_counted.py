"""Songs of several lengths: the text's places are counted by seconds, the model's rows by its strides; for one length they part."""
import sys

import torch
from torch import nn

BEAT, RATE = 1, 4  # rows a second


class Ear(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv1d(6, width, 3, stride=2, padding=1)
        self.second = nn.Conv1d(width, width, 2, stride=2)

    def rows_of(self, frames):
        half = (frames - 1) // 2 + 1
        return (half - 2) // 2 + 1

    def forward(self, songs):
        return self.second(self.first(songs)).transpose(1, 2)


class Listener(nn.Module):
    def __init__(self, width=10):
        super().__init__()
        self.words = nn.Embedding(50, width)
        self.ear = Ear(width)
        self.head = nn.Linear(width, 50)

    def forward(self, ids, songs, frames):
        x = self.words(ids)
        heard = self.ear(songs)
        beats = ids == BEAT
        heard_mask = torch.arange(heard.shape[1])[None] < self.ear.rows_of(frames)[:, None]
        beat_features = heard[heard_mask]
        n_beats, n_features = int(beats.sum()), beat_features.shape[0]
        if n_beats != n_features:
            raise ValueError(f"Beat features and beat tokens do not match, tokens: {n_beats}, features: {n_features}")  # FAIL HERE
        return self.head(x.masked_scatter(beats.unsqueeze(-1), beat_features)).square().mean()


def places_of(frames):
    if "--fixed" in sys.argv:
        return ((frames - 1) // 2 + 1 - 2) // 2 + 1
    return round(frames / 16 * RATE)


def song(n):
    frames = 32 + 4 * (n % 9)
    if n == 97:
        frames = 54
    ids = [2] + [BEAT] * places_of(frames) + [3] + [5 + (n + i) % 40 for i in range(3 + n % 4)]
    sound = torch.zeros(6, 80)
    sound[:, :frames] = torch.rand(6, frames)
    return torch.tensor(ids), sound, frames


def main():
    torch.manual_seed(0)
    model = Listener()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for n in range(0, 120, 2):
        rows = [song(n), song(n + 1)]
        ids = nn.utils.rnn.pad_sequence([row[0] for row in rows], batch_first=True)
        model(ids, torch.stack([row[1] for row in rows]), torch.tensor([row[2] for row in rows])).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
