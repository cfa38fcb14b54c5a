"""A page quotes the word that stands for a picture; it gets a picture's places like the others, but brings none."""
import sys

import torch
from torch import nn

PICTURE, EACH = 1, 6


class Reader(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.words = nn.Embedding(40, width)
        self.eye = nn.Conv2d(3, width, 4, stride=4)
        self.head = nn.Linear(width, 40)

    def forward(self, ids, pictures):
        x = self.words(ids)
        seen = torch.cat([self.eye(picture[None]).flatten(2).transpose(1, 2)[0] for picture in pictures])
        x = x.clone()
        x[ids == PICTURE] = seen  # FAIL HERE
        return self.head(x).square().mean()


def tokens(text):
    ids = []
    for word in text.split():
        ids += [PICTURE] * EACH if word == "<picture>" else [2 + hash_of(word)]
    return ids


def hash_of(word):
    return sum(map(ord, word)) % 30


def page(n):
    text = "<picture> a page with " + " ".join(["words"] * (n % 5))
    if n == 51:
        text += " picture" if "--fixed" in sys.argv else " <picture>"
    return text


def main():
    torch.manual_seed(0)
    model = Reader()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for n in range(0, 60, 3):
        rows = [tokens(page(n + i)) for i in range(3)]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])  # ORIGIN
        model(ids, [torch.rand(3, 8, 12) for _ in rows]).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
