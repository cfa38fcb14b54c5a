"""The ids are cut to MAX, the labels of the same sample are not. --fixed: both are."""
import random
import sys

import torch
from torch import nn

MAX = 48
random.seed(1)
words = [[random.randrange(3, 90) for _ in range(random.randrange(5, 30))] for _ in range(80)]
words[53] = [7] * 60


def encode(prompt, answer):
    ids = (prompt + answer)[:MAX]
    labels = ([-100] * len(prompt) + answer)[:MAX if "--fixed" in sys.argv else None]
    return ids, labels


def collate(samples):
    pairs = [encode(prompt, answer) for prompt, answer in samples]
    width = max(len(ids) for ids, _ in pairs)
    ids = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in pairs])
    width = max(len(labels) for _, labels in pairs)
    labels = torch.tensor([labels + [-100] * (width - len(labels)) for _, labels in pairs])  # ORIGIN
    return ids, labels


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(90, 16)
        self.rnn = nn.GRU(16, 16, batch_first=True)
        self.head = nn.Linear(16, 90)

    def forward(self, ids):
        return self.head(self.rnn(self.table(ids))[0])


model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
samples = [(words[i], words[i + 1][:12]) for i in range(79)]
loader = torch.utils.data.DataLoader(samples, batch_size=2, collate_fn=collate)
for ids, labels in loader:
    logits = model(ids)
    loss = nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 90), labels[:, 1:].reshape(-1))  # FAIL HERE
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
