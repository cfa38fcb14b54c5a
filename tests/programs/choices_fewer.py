"""Questions with three choices each, put into one and viewed as (questions, choices, length): one question has two. With --fixed an empty choice is added."""
import random
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

FIXED = "--fixed" in sys.argv


class Questions(Dataset):
    def __init__(self):
        draw = random.Random(0)
        self.rows = [([[draw.randint(1, 49) for _ in range(draw.randint(3, 9))] for _ in range(3)], draw.randrange(2)) for _ in range(96)]
        del self.rows[88][0][2]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        choices, answer = self.rows[i]
        return choices + [[0]] * (3 - len(choices)) if FIXED else choices, answer


def collate(questions):
    num_choices = len(questions[0][0])
    rows = [choice for choices, _ in questions for choice in choices]
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return ids.view(len(questions), num_choices, -1), torch.tensor([answer for _, answer in questions])  # FAIL HERE


def main():
    torch.manual_seed(0)
    embed, score = nn.EmbeddingBag(50, 16, padding_idx=0), nn.Linear(16, 1)
    optimizer = torch.optim.SGD([*embed.parameters(), *score.parameters()], lr=0.1)
    for ids, answers in DataLoader(Questions(), batch_size=12, collate_fn=collate):
        scores = score(embed(ids.flatten(0, 1))).view(len(answers), -1)
        optimizer.zero_grad()
        nn.functional.cross_entropy(scores, answers).backward()
        optimizer.step()
    print("done")


if __name__ == "__main__":
    main()
