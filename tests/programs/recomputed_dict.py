"""A block under activation checkpointing reads its mask from a dict, in which the head puts a shorter one before the backward."""
import sys

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True) for _ in range(2))
        self.out = nn.Linear(8, 5)

    def block(self, layer, x, batch):
        return layer(x, src_key_padding_mask=batch["mask"])  # FAIL HERE

    def forward(self, batch):
        x = F.one_hot(batch["ids"], 8).float().requires_grad_()
        for layer in self.layers:
            x = checkpoint(self.block, layer, x, batch, use_reentrant=False)
        if batch["shifted"]:
            batch = dict(batch) if "fixed" in sys.argv else batch
            for key in ("ids", "mask"):
                batch[key] = batch[key][:, 1:]  # CUT HERE
            x = x[:, 1:]
        loss = F.cross_entropy(self.out(x).flatten(0, 1), batch["ids"].flatten() % 5, reduction="none")
        return loss[~batch["mask"].flatten()].mean()


def main():
    torch.manual_seed(0)
    model = Model().train()
    for step in range(40):
        width = 6 + step * 7 % 11
        ids = torch.randint(1, 8, (4, width))
        ids[1, width // 2:] = 0
        model({"ids": ids, "mask": ids == 0, "shifted": step == 30}).backward()


main()
