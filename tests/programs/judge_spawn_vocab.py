"""Spawned trainers with a real tokenizer: a word was added to it, the model's embedding was not resized."""
import sys

import torch
import torch.multiprocessing as mp
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn

FIXED = "--fixed" in sys.argv


class Classifier(nn.Module):
    def __init__(self, vocab_size):
        super().__init__()
        self.embed = nn.Embedding(vocab_size, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, ids):
        return self.head(self.embed(ids).mean(1))  # FAIL HERE


def trainer(number, fixed):
    torch.manual_seed(number)
    tokenizer = Tokenizer(models.WordLevel({f"w{i}": i for i in range(60)}, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    model = Classifier(tokenizer.get_vocab_size() + (1 if fixed else 0))
    tokenizer.add_tokens(["newword"])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    for step in range(520):
        text = " ".join(f"w{(step * 7 + i) % 60}" for i in range(3 + step % 11))
        if number == 1 and step == 512:
            text += " newword"
        ids = torch.tensor([tokenizer.encode(text).ids])  # ORIGIN
        loss = nn.functional.cross_entropy(model(ids), torch.tensor([step % 2]))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


if __name__ == "__main__":
    mp.spawn(trainer, (FIXED,), nprocs=2)
    print("done", flush=True)
