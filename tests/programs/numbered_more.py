"""Utterances are pooled by the number of whose frames they are; one batch has an utterance more than labels."""
import random
import sys

import torch
from torch import nn

torch.manual_seed(0)
random.seed(2)


class Pool(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.score = nn.Linear(dim, 1)
        self.head = nn.Linear(dim, 5)

    def forward(self, frames, owner, count):
        out = torch.zeros(count, frames.shape[-1])
        out.scatter_add_(0, owner.unsqueeze(1).expand_as(frames), frames * self.score(frames).sigmoid())  # FAIL HERE
        return self.head(out)


def batch(step):
    sizes = [random.randint(2, 9) for _ in range(6)]
    if step == 77 and "--fixed" not in sys.argv:
        sizes.append(3)
    owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    return torch.rand(sum(sizes), 16), owner, torch.randint(0, 5, (6,))


net = Pool()
optimizer = torch.optim.SGD(net.parameters(), 0.1)
for step in range(100):
    frames, owner, labels = batch(step)
    loss = nn.functional.cross_entropy(net(frames, owner, len(labels)), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("done")
