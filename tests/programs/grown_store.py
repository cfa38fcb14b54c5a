"""One store of rows for all readers, made for those of the first day; the readers of the second day get numbers beyond its end."""
import sys

import torch
from torch import nn

EACH = 4


class Store:
    def __init__(self, readers):
        self.first = {}
        self.end = 0
        self.rows = torch.zeros(EACH * len(readers), 6)  # MADE
        self.join(readers)

    def join(self, readers):
        for reader in readers:
            self.first[reader] = self.end
            self.end += EACH
        if "--fixed" in sys.argv and self.end > len(self.rows):
            self.rows = torch.cat([self.rows, torch.zeros(self.end - len(self.rows), 6)])

    def keep(self, reader, rows):
        start = self.first[reader]
        self.rows[start: start + EACH].copy_(rows)  # FAIL HERE


def main():
    torch.manual_seed(0)
    model = nn.Linear(6, 6)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    readers = [f"reader{i}" for i in range(9)]
    store = Store(readers)
    for step in range(30):
        if step == 24:
            store.join(["new1", "new2", "new3"])
            readers = ["new2"] + readers
        out = model(torch.randn(EACH, 6))
        store.keep(readers[step % 9 if step < 24 else 0], out.detach())
        out.square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
