"""Labels are numbered over all names; the scores were built for those of a first count. Many lists are at hand, only one is as long as needed."""
import random

import torch
from torch import nn

NAMES = ["ash", "beech", "birch", "elm", "fir", "hazel", "larch", "lime", "maple"]


class Walks:
    def __init__(self, count):
        rng = random.Random(4)
        self.seen = {n: [rng.choice(NAMES[:8]) for _ in range(rng.randint(3, 6))] for n in range(count)}
        self.seen[70].append("maple")
        self.number = {name: i for i, name in enumerate(sorted(NAMES))}

    def labels(self, n):
        return torch.tensor([self.number[name] for name in self.seen[n]])


def main():
    torch.manual_seed(0)
    walks = Walks(300)
    model = nn.Linear(4, 8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for n in range(80):
        labels = walks.labels(n)
        scores = model(torch.randn(5, 4))[:, labels]  # FAIL HERE
        (-scores.mean()).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
