"""Chat samples with many pictures: their start and end marks are paired into bounds, as vision chat models do.

The text is cut to a length limit before it becomes a tensor, so the last picture can lose its end mark.
"""
import argparse

import torch
from torch import nn

IM_START, IM_END, UNK = 101, 102, 0
QUERIES = 4


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-max-length", type=int, default=290)
    parser.add_argument("--fixed", action="store_true")
    args = parser.parse_args()
    if args.fixed:
        args.model_max_length = 400
    return args


def conversation(number):
    pictures = 46 if number == 911 else 1 + number * 5 % 40
    words = 16 if number == 911 else 3 + number % 9
    ids = [3 + (number + i) % 90 for i in range(words)]
    for _ in range(pictures):
        ids += [IM_START] + [UNK] * QUERIES + [IM_END]
    return ids + [3 + i % 90 for i in range(6)]


def preprocess(number, max_length):
    ids = conversation(number)[:max_length]
    input_ids = torch.tensor(ids, dtype=torch.long)
    image_start = torch.where(input_ids == IM_START)[0] + 1
    image_end = torch.where(input_ids == IM_END)[0]  # ORIGIN
    bounds = torch.hstack([image_start.unsqueeze(-1), image_end.unsqueeze(-1)])  # FAIL HERE
    return input_ids, bounds


def main():
    args = parse()
    torch.manual_seed(0)
    embed, head = nn.Embedding(128, 8), nn.Linear(8, 128)
    optimizer = torch.optim.AdamW([*embed.parameters(), *head.parameters()], lr=1e-3)
    for number in range(920):
        input_ids, bounds = preprocess(number, args.model_max_length)
        hidden = embed(input_ids)
        places = torch.cat([torch.arange(start, end) for start, end in bounds.tolist()])
        hidden = hidden.index_add(0, places, torch.ones(len(places), 8))
        loss = nn.functional.cross_entropy(head(hidden), input_ids)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
