"""Trains to the end, with what goes wrong in silence: see the marks. --fixed: none of it."""
import sys
import time

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
MAX_LENGTH = 24


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 16)
        self.tower = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16))
        self.spare = nn.Sequential(nn.Linear(16, 32), nn.Linear(32, 16))
        self.pooler = nn.Linear(16, 4)
        self.head = nn.Linear(16, 1)

    def forward(self, tokens):
        x = self.words(tokens).mean(1)
        features = self.tower(x)  # CUT OFF HERE
        self.pooler(x)
        x = x + (features if FIXED else features.detach())
        if FIXED:
            x = x + self.spare(x)
        slots = torch.zeros(12, 16).scatter_add(0, torch.arange(len(x) if FIXED else 2)[:, None].expand(-1, 16), x.detach())  # PART HERE
        return self.head(x + slots[: len(x)])


def batches():
    for length in [9, 24, 13, 24, 17, 24, 11, 20]:
        yield torch.randint(50, (4, length)), torch.randn(4)


def train(model):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model.late = nn.Linear(1, 1)
    if FIXED:
        optimizer.add_param_group({"params": model.late.parameters()})
    for tokens, target in batches():
        if FIXED:
            tokens = tokens[:, : min(tokens.shape[1], MAX_LENGTH - 1)]
        prediction = model.late(model(tokens))
        loss = nn.functional.mse_loss(prediction.squeeze(-1) if FIXED else prediction, target)  # BROADCAST HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        time.sleep(1 if "--slowly" in sys.argv else 0)
    print(f"{loss.item():.6f}")


def replaced(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    if not FIXED:
        model.net = nn.Linear(4, 2)  # the optimizer has the old one
    for _ in range(4):
        model(torch.randn(3, 4)).pow(2).mean().backward()
        optimizer.step()
        model.zero_grad()


def values(model):
    """Labels that are all to be ignored, and features for which there are too few places."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for step in range(4):
        x = model(torch.randn(6, 4))
        places = torch.zeros(6, 1, dtype=torch.bool)
        places[: 3 if FIXED else 2] = True
        x = x.masked_scatter(places.expand(6, 2), torch.randn(3, 2))  # PLACES HERE
        labels = torch.zeros(6, dtype=torch.long) if FIXED or step % 2 else torch.full((6,), -100)
        loss = nn.functional.cross_entropy(x, labels)  # LABELS HERE
        wanted = torch.randn(6)
        loss = loss + (x[:, :1] - (wanted[:, None] if FIXED else wanted)).pow(2).mean()  # BY HAND HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def frozen(model):
    model.requires_grad_(FIXED)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for _ in range(4):
        model(torch.randn(6, 4, requires_grad=True)).pow(2).mean().backward()  # as enable_input_require_grads does
        optimizer.step()
        optimizer.zero_grad()


class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 2)

    def forward(self, x):
        return self.net(x)


torch.manual_seed(0)
if "--replaced" in sys.argv:
    replaced(Wrapped())
elif "--frozen" in sys.argv:
    frozen(Wrapped())
elif "--values" in sys.argv:
    values(Wrapped())
else:
    train(Reader())
