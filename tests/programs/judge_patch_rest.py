"""Captions of pictures of several sizes, padded into one batch: the tower makes a patch of a rest, the text doesn't count it."""
import random
import sys

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

FIXED = "--fixed" in sys.argv
PATCH, SLOT, WIDTH = 6, 1, 16


def places(high, wide):
    if FIXED:
        return -(-high // PATCH) * -(-wide // PATCH)
    return (high // PATCH) * (wide // PATCH)


class Captions(Dataset):
    def __init__(self):
        draw = random.Random(2)
        self.sizes = [draw.choice([(24, 30), (36, 24), (30, 36)]) for _ in range(240)]
        self.sizes[223] = (24, 34)
        self.texts = [[draw.randrange(2, 40) for _ in range(draw.randrange(3, 9))] for _ in self.sizes]

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, i):
        picture = functional.interpolate(torch.rand(1, 3, 40, 50), size=self.sizes[i], mode="bilinear")[0]  # DECIDED
        return picture, [SLOT] * places(*self.sizes[i]) + self.texts[i]


def collate(samples):
    high = max(-(-p.shape[1] // PATCH) * PATCH for p, _ in samples)
    wide = max(-(-p.shape[2] // PATCH) * PATCH for p, _ in samples)
    pictures = torch.stack([functional.pad(p, (0, wide - p.shape[2], 0, high - p.shape[1])) for p, _ in samples])
    longest = max(len(ids) for _, ids in samples)
    ids = torch.tensor([ids + [0] * (longest - len(ids)) for _, ids in samples])
    return pictures, [tuple(p.shape[1:]) for p, _ in samples], ids


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.words = nn.Embedding(40, WIDTH)
        self.mix = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.head = nn.Linear(WIDTH, 40)

    def forward(self, pictures, sizes, ids):
        grids = self.patches(pictures)
        rows = []
        for grid, (high, wide) in zip(grids, sizes):
            rows.append(grid[:, : -(-high // PATCH), : -(-wide // PATCH)].flatten(1).transpose(0, 1))
        hidden = self.words(ids).clone()
        hidden[ids == SLOT] = torch.cat(rows)  # FAIL HERE
        return self.head(self.mix(hidden)[0])


def main():
    torch.manual_seed(0)
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for pictures, sizes, ids in DataLoader(Captions(), 3, collate_fn=collate):
        logits = model(pictures, sizes, ids)
        loss = functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("done", flush=True)


main()
