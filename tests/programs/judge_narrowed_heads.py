"""After training, the least important heads are taken out of each attention before it is evaluated."""
import sys

import torch
from torch import nn

HIDDEN, HEADS = 36, 6
torch.manual_seed(6)
torch.set_num_threads(1)


class Attention(nn.Module):
    def __init__(self, hidden, heads):
        super().__init__()
        self.num_heads = heads
        self.head_size = hidden // heads
        self.all_heads = hidden
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, hidden)

    def split(self, x):
        shape = x.shape[:-1] + (self.num_heads, self.head_size)
        return x.view(shape).transpose(1, 2)  # FAIL HERE

    def forward(self, x):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        y = (q @ k.transpose(-1, -2) / self.head_size ** 0.5).softmax(-1) @ v
        return self.out(y.transpose(1, 2).reshape(*x.shape[:-1], self.all_heads))


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, HIDDEN)
        self.blocks = nn.ModuleList(Attention(HIDDEN, HEADS) for _ in range(2))
        self.tags = nn.Linear(HIDDEN, 5)

    def forward(self, ids):
        x = self.words(ids)
        for block in self.blocks:
            x = x + block(x)
        return self.tags(x)


def rows_left(layer, rows):
    new = nn.Linear(layer.in_features, len(rows))  # ORIGIN
    new.load_state_dict({"weight": layer.weight.data[rows], "bias": layer.bias.data[rows]})
    return new


def narrow(block, count):
    scores = block.query.weight.data.abs().view(block.num_heads, -1).sum(1)
    heads = scores.topk(count).indices.sort().values
    rows = (heads[:, None] * block.head_size + torch.arange(block.head_size)).flatten()
    block.query, block.key, block.value = (rows_left(layer, rows) for layer in (block.query, block.key, block.value))
    out = nn.Linear(len(rows), HIDDEN)
    out.load_state_dict({"weight": block.out.weight.data[:, rows], "bias": block.out.bias.data})
    block.out = out
    if "--fixed" in sys.argv:
        block.num_heads, block.all_heads = count, len(rows)


def words():
    ids = torch.randint(0, 50, (3, int(torch.randint(6, 12, (1,)))))
    return ids, ids % 5


model = Tagger()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for step in range(30):
    ids, tags = words()
    loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), tags.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
for block in model.blocks:
    narrow(block, 4)
model.eval()
with torch.no_grad():
    ids, tags = words()
    print((model(ids).argmax(-1) == tags).float().mean().item())
