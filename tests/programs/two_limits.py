"""Distillation: what the teacher said was kept beforehand, of texts cut at its own limit; the student reads longer ones. --fixed: one limit."""
import sys
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass
class Reader:
    max_tokens: int
    width: int


class Texts(torch.utils.data.Dataset):
    def __init__(self, texts, kept, reader):
        self.texts, self.kept, self.reader = texts, kept, reader

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, i):
        return torch.from_numpy(self.texts[i][:self.reader.max_tokens]), torch.from_numpy(self.kept[i])


def collate(samples):
    return tuple(nn.utils.rnn.pad_sequence(part, batch_first=True) for part in zip(*samples))


def main():
    torch.manual_seed(0)
    rng = np.random.default_rng(5)
    teacher = Reader(max_tokens=56 if "--fixed" in sys.argv else 40, width=12)
    student = Reader(max_tokens=56, width=16)
    texts = [rng.integers(1, 70, rng.integers(6, 34)) for _ in range(60)]
    texts[43] = rng.integers(1, 70, 51)
    said = nn.Embedding(70, teacher.width).requires_grad_(False).weight.numpy()
    kept = [said[text[:teacher.max_tokens]] for text in texts]
    loader = torch.utils.data.DataLoader(Texts(texts, kept, student), batch_size=3, collate_fn=collate)
    model = nn.Sequential(nn.Embedding(70, student.width), nn.Linear(student.width, teacher.width))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for tokens, target in loader:
        loss = (model(tokens) - target).square().mean()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
