"""The loss views the logits as rows of 4, written there by hand, where the head was since built for 5 classes."""
import sys

import torch
from torch import nn

CLASSES = ["other", "number", "date", "vendor", "total"]
PAGE = 96


class Tagger(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.embed = nn.Embedding(200, 24)
        self.head = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, classes))

    def forward(self, ids):
        return self.head(self.embed(ids))


def loss_of(scores, labels):
    if "--fixed" in sys.argv:
        return nn.functional.cross_entropy(scores.view(-1, scores.size(-1)), labels.view(-1))
    return nn.functional.cross_entropy(scores.view(-1, 4), labels.view(-1))  # FAIL HERE


torch.manual_seed(0)
model = Tagger(len(CLASSES))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(4):
    ids, labels = torch.randint(0, 200, (2, PAGE)), torch.randint(0, len(CLASSES), (2, PAGE))
    loss = loss_of(model(ids), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", loss.item() > 0)
