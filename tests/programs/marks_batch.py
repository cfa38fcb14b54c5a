"""Recordings stand where a text has its mark; one answer quotes the mark, which becomes one, too, and there is no recording for it."""
import sys

import torch
from torch import nn

MARK = -7


class Player(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.words = nn.Embedding(40, width)
        self.ear = nn.Linear(6, width)

    def forward(self, ids, kept, recordings):
        heard = self.ear(recordings)
        taken, rows = 0, []
        for row, mask in zip(ids, kept):
            parts = []
            for token in row[mask].split(1):
                if int(token) == MARK:
                    parts.append(heard[taken])  # FAIL HERE
                    taken += 1
                else:
                    parts.append(self.words(token))
            rows.append(torch.cat(parts).mean(0))
        return torch.stack(rows).square().mean()


def tokens(n):
    answer = "heard <mark> once" if n == 46 and "--fixed" not in sys.argv else "heard it once"
    return [MARK if word == "<mark>" else sum(map(ord, word)) % 40 for word in ("<mark> what is it " + "now " * (n % 3) + answer).split()]


def batch(n):
    rows = [torch.tensor(tokens(n + i)) for i in range(3)]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return ids, ids != 0, torch.rand(3, 2, 6)


def main():
    torch.manual_seed(0)
    model = Player()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for n in range(0, 60, 3):
        model(*batch(n)).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
