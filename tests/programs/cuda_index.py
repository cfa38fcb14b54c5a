"""On a GPU: ids beyond the embedding's rows. The kernel's own check fails; the error comes out some calls later."""
import sys

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(100, 16)
        self.norm = nn.LayerNorm(16)

    def forward(self, ids):
        x = self.embed(ids)  # GUILTY
        x = self.norm(x * 2)
        return torch.relu(x + 1)


def pick(out, choice):
    return out.mean(1).gather(1, choice)  # ANOTHER


def main():
    torch.manual_seed(0)
    model = Model().cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    choice = torch.zeros(4, 2, dtype=torch.int64).cuda()
    for step in range(3):
        ids = torch.randint(0, 100, (4, 8)).cuda()
        if step == 2:
            ids = ids + 90
        out = model(ids)
        if "pick" in sys.argv:
            out = pick(out, choice)
        loss = (out * out).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print(step, loss.item(), flush=True)


main()
