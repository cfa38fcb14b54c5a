"""A run is resumed after the vocabulary grew: the optimizer's state loads without a word and its step fails."""
import io
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv


class Tagger(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.embed = nn.Embedding(words, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, ids):
        return self.head(self.embed(ids))


def train(model, optimizer, steps, words):
    for step in range(steps):
        ids = torch.randint(0, words, (2, 4 + step % 9))
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), (ids % 5).flatten())
        loss.backward()
        optimizer.step()  # FAIL HERE
        optimizer.zero_grad()


def main():
    torch.manual_seed(0)
    model = Tagger(100)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=False)
    train(model, optimizer, 400, 100)
    saved = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, saved)
    saved.seek(0)

    checkpoint = torch.load(saved)  # ORIGIN
    model = Tagger(103)
    weights = checkpoint["model"]
    grown = model.state_dict()["embed.weight"].clone()
    grown[:100] = weights["embed.weight"]
    weights["embed.weight"] = grown
    model.load_state_dict(weights)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=False)
    if not FIXED:
        optimizer.load_state_dict(checkpoint["optimizer"])
    train(model, optimizer, 3, 103)
    print("done", flush=True)


main()
