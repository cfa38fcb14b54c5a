"""torch.compile(backend="eager"), rows packed to a multiple of 16: the mask that goes with them is made no longer than a limit, and one batch is longer."""
import sys

import torch
from torch import nn

CONFIG = {"packing": {"cutoff_len": 24, "multiple": 16}, "heads": 4, "dim": 32}


class Collator:
    def __init__(self, cfg):
        self.cutoff = cfg["cutoff_len"]
        self.multiple = cfg["multiple"]

    def block_mask(self, lengths, width):
        seg = torch.zeros(width, dtype=torch.long)  # ZEROS
        at = 0
        for k, n in enumerate(lengths, 1):
            seg[at : at + n] = k
            at += n
        return (seg[:, None] == seg[None, :]) & torch.ones(width, width).tril().bool()

    def __call__(self, rows):
        longest = max(map(sum, rows))
        width = -(-longest // self.multiple) * self.multiple
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        masks = []
        for i, lengths in enumerate(rows):
            ids[i, : sum(lengths)] = torch.randint(1, 50, (sum(lengths),))
            masks.append(self.block_mask(lengths, width if "--fixed" in sys.argv else min(width, self.cutoff)))  # CAPPED
        return {"ids": ids, "mask": torch.stack(masks)[:, None]}


class Model(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.embed = nn.Embedding(50, cfg["dim"])
        self.qkv = nn.Linear(cfg["dim"], 3 * cfg["dim"])
        self.head = nn.Linear(cfg["dim"], 50)
        self.heads = cfg["heads"]

    def forward(self, ids, mask):
        x = self.embed(ids)
        q, k, v = self.qkv(x).view(*ids.shape, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # FAIL HERE
        return self.head(y.transpose(1, 2).flatten(2))


def main():
    torch.manual_seed(0)
    model = Model(CONFIG)
    compiled = torch.compile(model, backend="eager", dynamic=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    collate = Collator(CONFIG["packing"])
    for step in range(30):
        n = 14 if step == 24 else 4 + step % 4
        batch = collate([[n, 9], [n - 1, 5]])
        compiled(**batch).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
