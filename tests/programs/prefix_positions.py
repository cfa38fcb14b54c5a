"""Ids are cut to what the table of positions holds, and a prefix is joined in front of them; positions begin at 2."""
import sys

import torch
from torch import nn

OFFSET = 2


class Reader(nn.Module):
    def __init__(self, words, places, width, prefix):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(places + OFFSET, width)
        self.register_buffer("lead", torch.full((prefix,), 3))
        self.head = nn.Linear(width, words)

    def forward(self, ids):
        ids = torch.cat([self.lead.expand(len(ids), -1), ids], dim=1)  # JOINED HERE
        order = torch.cumsum((ids != 0).long(), dim=1) - 1 + OFFSET
        return self.head(self.words(ids) + self.places(order))  # FAIL HERE


def main():
    torch.manual_seed(0)
    settings = {"max_tokens": 24 if "--fixed" in sys.argv else 30, "width": 16}
    model = Reader(80, 30, settings["width"], prefix=6)
    for length in (9, 14, 21, 11, 55):
        ids = torch.randint(4, 80, (2, length))[:, : settings["max_tokens"]]
        model(ids).float().mean().backward()


main()
