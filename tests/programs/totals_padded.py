"""Packed sequences: running totals of lengths are padded with 0 so that they can be stacked, and differences are taken of them. --fixed: with the last of each."""
import random
import sys

import torch
from torch import nn


class Packs(torch.utils.data.Dataset):
    def __init__(self, count):
        rng = random.Random(0)
        self.rows = [[rng.randint(4, 12) for _ in range(3 if i < 620 else rng.choice([2, 3]))] for i in range(count)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        lengths = self.rows[i]
        return torch.randint(5, 90, (sum(lengths),)), torch.tensor([0] + lengths).cumsum(0)


def collate(samples):
    ids = nn.utils.rnn.pad_sequence([ids for ids, _ in samples], batch_first=True)
    if "--fixed" in sys.argv:
        most = max(len(totals) for _, totals in samples)
        return ids, torch.stack([torch.cat([totals, totals[-1:].expand(most - len(totals))]) for _, totals in samples])
    return ids, nn.utils.rnn.pad_sequence([totals for _, totals in samples], batch_first=True)  # ORIGIN HERE


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.segments, self.head = nn.Embedding(90, 16), nn.Embedding(8, 16), nn.Linear(16, 2)

    def forward(self, ids, cu_seqlens):
        out = []
        for row, totals in zip(self.words(ids), cu_seqlens):
            lengths = totals.diff()
            segment = torch.repeat_interleave(torch.arange(len(lengths)), lengths)  # FAIL HERE
            out.append((row[: len(segment)] + self.segments(segment)).mean(0))
        return self.head(torch.stack(out))


def main():
    torch.manual_seed(0)
    model = Encoder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for ids, totals in torch.utils.data.DataLoader(Packs(700), batch_size=2, collate_fn=collate):
        model(ids, totals).logsumexp(-1).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    print("trained")


main()
