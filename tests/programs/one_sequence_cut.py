"""Chats with pictures, of which one is longer than what the tokens are cut to: the places of its last picture go, its features don't."""
import random
import sys

import torch
from torch import nn

IMAGE, PATCHES, WIDTH = 2, 8, 16
STEPS, LONG = 40, 36


def cut_to(max_length):
    return lambda ids: ids[:max_length]


def chat(i):
    rng = random.Random(i)
    pictures = 4 if i == LONG * 2 + 1 else rng.choice([1, 1, 2])
    ids = []
    for _ in range(pictures):
        ids += [IMAGE] * PATCHES + [rng.randrange(3, 50) for _ in range(14 if pictures == 4 else rng.randrange(2, 8))]
    return ids, torch.rand(pictures, 3, 16, 32)


def collate(chats, cut):
    texts = [cut(ids) for ids, _ in chats]
    width = max(len(ids) for ids in texts)
    return torch.tensor([ids + [0] * (width - len(ids)) for ids in texts]), torch.cat([pictures for _, pictures in chats])


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, 8, 8)
        self.table = nn.Embedding(50, WIDTH)
        self.head = nn.Linear(WIDTH, 50)

    def forward(self, ids, pictures):
        x = self.table(ids).clone()
        x[ids == IMAGE] = self.patch(pictures).flatten(2).transpose(1, 2).flatten(0, 1)  # FAIL HERE
        return self.head(x)


torch.manual_seed(0)
cut = cut_to(max_length=96 if "--fixed" in sys.argv else 66)
model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(STEPS):
    ids, pictures = collate([chat(2 * step), chat(2 * step + 1)], cut)
    loss = nn.functional.cross_entropy(model(ids, pictures).flatten(0, 1), ids.flatten(), ignore_index=0)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done")
