"""Failures whose cause lies a step before them; the first argument says which. With --fixed that step is right.
  reentrant  checkpointed layers get no input that requires grad    time_ids  a row for each picture, but for one pair only
  scores     a batch whose scores are all whole numbers             spans     a slice from the first to the last of places with a gap
  pieces     one word is two pieces, and has one tag                session   only the new turn is given where the cached ones are cut off"""
import random
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

FIXED = "--fixed" in sys.argv


class Adapted(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.layer, self.head = nn.Linear(4, 8).requires_grad_(False), nn.Linear(8, 8), nn.Linear(8, 2).requires_grad_(False)

    def forward(self, x):
        hidden = checkpoint(self.layer, self.embedding(x), use_reentrant=not FIXED)  # ASKED
        return self.head(torch.relu(hidden)).square().mean()


def reentrant():
    model = Adapted()
    loss = model(torch.ones(3, 4))
    loss.backward()  # FAIL reentrant
    print(loss.item())


def time_ids():
    layer = nn.Linear(32 + 48, 4)
    pooled = torch.randn(2, 32)
    ids = torch.cat([torch.ones(1, 6)] * (2 if FIXED else 1))  # ROWS
    embedded = ids.flatten()[:, None] * torch.ones(8)
    embedded = embedded.reshape(pooled.shape[0], -1)
    print(layer(torch.cat([pooled, embedded], dim=-1)).shape)  # FAIL time_ids


def scores():
    layer = nn.Linear(4, 1)
    for step in range(30):
        rows = [1, 0, 2] if step == 29 else [0.5, 1, 2]
        labels = torch.tensor(rows, dtype=torch.float32) if FIXED else torch.tensor(rows)  # DTYPE
        loss = nn.functional.huber_loss(layer(torch.ones(3, 4)).squeeze(1), labels)
        loss.backward()  # FAIL scores
    print(loss.item())


def spans():
    for step in range(20):
        places = torch.tensor([1, 2, 3, 6, 7] if step == 19 else list(range(1, 3 + step % 5)))
        picture = torch.zeros(12)
        if FIXED:
            picture[places] = torch.ones(len(places))
        else:
            picture[places[0]:places[-1] + 1] = torch.ones(len(places))  # FAIL spans
    print(picture.sum().item())


def sample(words):
    ids = [1] + [piece for word in words for piece in (word, word)[:2 if word == 9 and not FIXED else 1]]
    tags = [0] + [word % 3 for word in words]
    return torch.tensor(ids), torch.tensor(tags)  # MADE


def pieces():
    r = random.Random(1)
    embedding, head = nn.Embedding(10, 8), nn.Linear(8, 3)
    for step in range(40):
        ids, tags = sample([r.randint(2, 8) for _ in range(3 + step % 6)] + [9] * (step == 39))
        loss = nn.functional.cross_entropy(head(embedding(ids)), tags)  # FAIL pieces
        loss.backward()
    print(loss.item())


def session():
    embedding = nn.Embedding(30, 8)
    cached, history = 0, []
    for turn in ([3, 4, 5, 6, 7], [8, 9]):
        history += turn
        ids = torch.tensor([history if FIXED else turn])  # TURN
        hidden = embedding(ids[:, cached:])
        print(hidden.view(1, hidden.shape[1], -1, 4).shape)  # FAIL session
        cached += len(turn)


if __name__ == "__main__":
    torch.manual_seed(0)
    {f.__name__: f for f in (reentrant, time_ids, scores, spans, pieces, session)}[sys.argv[1]]()
