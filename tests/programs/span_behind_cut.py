"""Spans to be found in texts that are cut to a length: where a long text's span ends isn't cut with it. --fixed: such a place is marked as missing."""
import random
import sys

import torch
from torch import nn
from transformers import DistilBertConfig, DistilBertForQuestionAnswering

MAX_LENGTH = 48  # SET HERE
MISSING = -100


def sample(rng, long):
    question = [rng.randint(5, 59) for _ in range(5)]
    text = [rng.randint(5, 59) for _ in range(58 if long else rng.randint(20, 38))]
    ids = ([1] + question + [2] + text + [2])[:MAX_LENGTH]
    start, end = len(question) + 2 + rng.randint(0, 3), len(question) + 2 + len(text) - 1
    if "--fixed" in sys.argv and end >= MAX_LENGTH:
        end = MISSING
    return ids + [0] * (MAX_LENGTH - len(ids)), start, end


def main():
    rng = random.Random(5)
    torch.manual_seed(0)
    model = DistilBertForQuestionAnswering(DistilBertConfig(vocab_size=60, dim=16, hidden_dim=32, n_layers=1, n_heads=2, max_position_embeddings=64))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(320):
        ids, start, end = (torch.tensor(rows) for rows in zip(*[sample(rng, step >= 310) for _ in range(2)]))
        said = model(ids)
        loss = nn.functional.cross_entropy(said.start_logits, start)
        if (end >= 0).any():
            loss = loss + nn.functional.cross_entropy(said.end_logits, end, ignore_index=MISSING)  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("trained")


main()
