# Clips are put between the parts of a text, one for each marker: late, one text has a marker more than clips. --fixed takes it away.
import random
import sys

import torch
from torch import nn

MARK = -100


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(64, 12)
        self.clips = nn.Linear(20, 12)
        self.head = nn.Linear(12, 64)

    def forward(self, texts, clips):
        features = self.clips(clips)
        place = 0
        mixed = []
        for ids in texts:
            at = torch.where(ids == MARK)[0]
            parts, begin = [], 0
            for mark in at.tolist():
                parts.append(self.words(ids[begin:mark]))
                clip = features[place]  # FAIL HERE
                parts.append(clip)
                place += 1
                begin = mark + 1
            parts.append(self.words(ids[begin:]))
            mixed.append(torch.cat(parts).mean(0))
        return self.head(torch.stack(mixed))


def make(rng, step):
    texts = []
    for i in range(3):
        ids = [rng.randrange(64) for _ in range(rng.randint(6, 14))]
        ids.insert(rng.randrange(len(ids)), MARK)
        if step == 60 and i == 2 and "--fixed" not in sys.argv:
            ids.insert(2, MARK)
        texts.append(torch.tensor(ids))
    return texts, torch.stack([torch.rand(5, 20) for _ in texts])


def main():
    rng = random.Random(0)
    torch.manual_seed(0)
    model = Mixer()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for step in range(70):
        nn.functional.cross_entropy(model(*make(rng, step)), torch.randint(0, 64, (3,))).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
