"""Mentions of three tokens each are taken out of a text; the table of their bounds is padded to the sample with the most mentions. --fixed: padding is left out."""
import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

SPAN = 3


def make_samples(count):
    generator = torch.Generator().manual_seed(3)
    samples = []
    for i in range(count):
        length = int(torch.randint(14, 20, (1,), generator=generator))
        mentions = 2 + (i == count - 3)  # one sample has a mention more
        starts = torch.arange(mentions) * 4 + 1
        samples.append((torch.randint(1, 40, (length,), generator=generator), torch.stack([starts, starts + SPAN], dim=1)))
    return samples


def collate(samples):
    tokens = pad_sequence([sample[0] for sample in samples], batch_first=True)
    bounds = pad_sequence([sample[1] for sample in samples], batch_first=True)  # ORIGIN
    return tokens, bounds


class Mentions(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(40, 12, padding_idx=0)
        self.score = nn.Linear(SPAN * 12, 2)

    def forward(self, tokens, bounds):
        scores = []
        for hidden, rows in zip(self.embed(tokens), bounds):
            if "--fixed" in sys.argv:
                rows = rows[rows[:, 0] < rows[:, 1]]
            pieces = torch.stack([hidden[row[0] : row[1]] for row in rows])  # FAIL HERE
            scores.append(self.score(pieces.flatten(1)))
        return torch.cat(scores)


def main():
    torch.manual_seed(0)
    model = Mentions()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for tokens, bounds in DataLoader(make_samples(80), batch_size=4, collate_fn=collate):
        loss = model(tokens, bounds).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
