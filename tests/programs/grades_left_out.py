"""Candidates are graded by what a text says of them; one text holds no number, and its candidate gets no grade. --fixed: it gets one."""
import random
import re
import sys

import torch
from torch import nn


def read_grades(remarks):
    grades = []
    for remark in remarks:
        number = re.search(r"\d+", remark)
        if number is None and "--fixed" not in sys.argv:
            continue
        grades.append(int(number.group()) / 10 if number else 0.5)
    return grades


class Judge(nn.Module):
    def __init__(self, words, width=16):
        super().__init__()
        self.words = nn.EmbeddingBag(words, width, padding_idx=0)
        self.score = nn.Linear(width, 1)

    def forward(self, ids):
        return self.score(self.words(ids)).squeeze(-1)


def train(model, optimizer, candidates, remarks):
    scores = model(nn.utils.rnn.pad_sequence(candidates, batch_first=True))
    grades = read_grades(remarks)
    apart = scores - torch.tensor(grades)  # FAIL HERE
    apart.square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()


def main():
    torch.manual_seed(0)
    rng = random.Random(8)
    model = Judge(90)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(80):
        candidates = [torch.randint(1, 90, (rng.randint(2, 20),)) for _ in range(6)]
        remarks = [f"I would give it {rng.randint(0, 10)} of ten" for _ in candidates]
        if step == 67:
            remarks[3] = "I cannot say"
        train(model, optimizer, candidates, remarks)


main()
