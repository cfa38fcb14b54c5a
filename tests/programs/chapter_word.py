"""A reader puts four rows of each drawing into its text; one text has the drawing's word once more, in what is said about it."""
import sys

import torch
from torch import nn

WORDS = "what is drawn here a house with two doors and the word for it".split()
IDS = {word: 3 + i for i, word in enumerate(WORDS)}
DRAWING, EACH = 2, 4


class Drawings(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.eye = nn.Conv2d(1, width, 8, stride=8)

    def forward(self, drawings):
        return self.eye(drawings).flatten(2).transpose(1, 2)


class Reader(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.words = nn.Embedding(40, width)
        self.drawings = Drawings(width)
        self.body = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, 40)

    def forward(self, ids, drawings):
        x = self.words(ids)
        seen = self.drawings(drawings)
        where = (ids == DRAWING).unsqueeze(-1).expand_as(x)
        x = x.masked_scatter(where, seen)  # FAIL HERE
        return self.head(self.body(x)[0]).square().mean()


def text_of(n):
    said = " ".join(WORDS[(n + i) % len(WORDS)] for i in range(3 + n % 5))
    return said + " the word <drawing> with it" if n == 100 and "--fixed" not in sys.argv else said


def tokens(text):
    ids = []
    for word in ("<drawing> " * EACH + text).split():
        ids.append(DRAWING if word == "<drawing>" else IDS[word])
    return ids


def batch(n):
    rows = [tokens(text_of(n + i)) for i in range(3)]
    width = max(map(len, rows))
    return torch.tensor([row + [0] * (width - len(row)) for row in rows]), torch.rand(3, 1, 16, 16)


def main():
    torch.manual_seed(0)
    model = Reader()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for n in range(0, 120, 3):
        model(*batch(n)).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
