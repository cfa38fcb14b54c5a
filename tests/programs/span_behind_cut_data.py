"""Rows of a relation set: words, cut to a limit, and the place of a word among them."""
import random

import torch

MAX_WORDS = 40


def read(row, fixed):
    words, place, kind = row
    if fixed and place >= MAX_WORDS:
        place = MAX_WORDS - 1
    return torch.tensor(words[:MAX_WORDS]), place, kind


def collate(rows):
    words = torch.nn.utils.rnn.pad_sequence([row[0] for row in rows], batch_first=True)
    return words, torch.tensor([row[1] for row in rows]), torch.tensor([row[2] for row in rows])


def rows(count, odd):
    made = []
    for i in range(count):
        length = 57 if i == odd else random.randrange(9, 36)
        place = 48 if i == odd else random.randrange(length)
        made.append(([random.randrange(1, 60) for _ in range(length)], place, random.randrange(3)))
    return made
