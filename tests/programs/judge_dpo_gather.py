"""Preference training: the log-probability of each answer token is gathered; ignored places still hold -100."""
import sys

import torch
from torch import nn

IGNORE_INDEX = -100
FIXED = "--fixed" in sys.argv


def collate(answers):
    longest = max(len(a) for a in answers)
    rows = [a + [IGNORE_INDEX] * (longest - len(a)) for a in answers]
    return torch.tensor(rows)  # ORIGIN


def token_logps(logits, labels):
    mask = labels != IGNORE_INDEX
    if FIXED:
        labels = labels.masked_fill(~mask, 0)
    per_token = torch.gather(logits.log_softmax(-1), dim=2, index=labels.unsqueeze(2)).squeeze(2)  # FAIL HERE
    return (per_token * mask).sum(-1)


def main():
    torch.manual_seed(0)
    policy = nn.Sequential(nn.Embedding(40, 8), nn.Linear(8, 40))
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-3)
    for step in range(1030):
        length = 3 + step * 5 % 17
        lengths = (length, length) if step != 1022 else (9, 6)
        labels = collate([[(step + i + j) % 40 for i in range(n)] for j, n in enumerate(lengths)])
        chosen, rejected = token_logps(policy(labels.clamp(min=0)), labels)
        loss = -nn.functional.logsigmoid(chosen - rejected)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
