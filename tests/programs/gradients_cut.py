"""A large batch is encoded in pieces of a size, and its gradients are handed back in as many pieces, which aren't of that size. --fixed: of that size."""
import math
import sys

import torch
from torch import nn

PIECE = 6


def make_batch(rows):
    words = torch.randint(1, 60, (rows, int(torch.randint(4, 12, ()))))
    return words, words.roll(1, dims=1)


class Encoder(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.words = nn.Embedding(60, width)
        self.out = nn.Linear(width, width)

    def forward(self, words):
        return nn.functional.normalize(self.out(self.words(words).mean(1)), dim=-1)


def backward(encoder, texts, gradient):
    pieces = texts.split(PIECE)  # BY SIZE
    handed = gradient.split(PIECE) if "--fixed" in sys.argv else gradient.chunk(math.ceil(len(texts) / PIECE))  # BY COUNT
    for piece, part in zip(pieces, handed):
        encoder(piece).backward(gradient=part)  # FAIL HERE


def step(encoder, optimizer, pairs):
    with torch.no_grad():
        states = [torch.cat([encoder(piece) for piece in texts.split(PIECE)]) for texts in pairs]
    for state in states:
        state.requires_grad_()
    nn.functional.cross_entropy(states[0] @ states[1].T / 0.1, torch.arange(len(states[0]))).backward()
    for texts, state in zip(pairs, states):
        backward(encoder, texts, state.grad)
    optimizer.step()
    optimizer.zero_grad()


def main():
    torch.manual_seed(0)
    encoder = Encoder()
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
    for i in range(60):
        step(encoder, optimizer, make_batch(12 if i < 59 else 8))


main()
