"""Rows of a learned prompt are put in front of a text, and of the model's own mask; what pools the text takes the batch's mask, which hasn't got them.
With --fixed the pooling gets the longer mask."""
import sys

import torch

FIXED = "--fixed" in sys.argv


class Encoder(torch.nn.Module):
    def __init__(self, prompts=5):
        super().__init__()
        self.table = torch.nn.Embedding(50, 8)
        self.prompt = torch.nn.Parameter(torch.randn(prompts, 8))
        self.mix = torch.nn.Linear(8, 8)

    def forward(self, ids, mask):
        rows = self.prompt.expand(len(ids), -1, -1)
        x = torch.cat([rows, self.table(ids)], dim=1)
        longer = torch.cat([torch.ones(len(ids), rows.shape[1], dtype=mask.dtype), mask], dim=1)
        return self.mix(x * longer.unsqueeze(-1)), longer


class Pooling(torch.nn.Module):
    def forward(self, emb, mask):
        weights = mask.unsqueeze(-1).expand(emb.size()).to(emb.dtype)  # FAIL HERE
        return (emb * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def main():
    torch.manual_seed(0)
    encoder, pooling = Encoder(), Pooling()
    ids = torch.randint(1, 50, (4, 12))
    mask = (ids > 3).long()
    emb, longer = encoder(ids, mask)
    print(pooling(emb, longer if FIXED else mask).shape)


if __name__ == "__main__":
    main()
