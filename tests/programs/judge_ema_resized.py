"""Keeps an average of the weights; new tokens are added on the way."""
import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel

torch.manual_seed(0)


class Average:
    def __init__(self, model, decay=0.99):
        self.decay = decay
        self.shadow = {n: p.detach().clone() for n, p in model.named_parameters()}  # ORIGIN

    @torch.no_grad()
    def update(self, model):
        for name, p in model.named_parameters():
            self.shadow[name].mul_(self.decay).add_(p, alpha=1 - self.decay)  # FAIL HERE


def main():
    model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_positions=32, n_embd=32, n_layer=1, n_head=2))
    average = Average(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    vocabulary = 64
    for step in range(60):
        if step == 40:
            vocabulary = 67
            model.resize_token_embeddings(vocabulary)  # RESIZE
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
            if "--fixed" in sys.argv:
                average = Average(model)
        ids = torch.randint(0, vocabulary, (2, 8 + step % 9))
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        average.update(model)


main()
