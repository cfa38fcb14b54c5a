"""Attention heads are pruned in mid-training; the projection that puts them together keeps its width."""
import sys
import torch
from torch import nn

DIM, HEADS = 32, 4


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.head_dim = heads, dim // heads
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(dim, dim)
        self.v = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = (f(x).view(b, n, self.heads, self.head_dim).transpose(1, 2) for f in (self.q, self.k, self.v))
        y = (q @ k.transpose(-1, -2) / self.head_dim ** 0.5).softmax(-1) @ v
        y = y.transpose(1, 2).reshape(b, n, self.heads * self.head_dim)
        return self.out(y)  # FAIL HERE


def shrink(layer, rows):
    new = nn.Linear(layer.in_features, len(rows))  # ORIGIN
    new.weight.data.copy_(layer.weight.data[rows])
    new.bias.data.copy_(layer.bias.data[rows])
    return new


def prune(attention, keep):
    rows = torch.cat([torch.arange(h * attention.head_dim, (h + 1) * attention.head_dim) for h in keep])
    for name in ("q", "k", "v"):
        setattr(attention, name, shrink(getattr(attention, name), rows))
    if "--fixed" in sys.argv:
        old, attention.out = attention.out, nn.Linear(len(rows), attention.out.out_features)
        attention.out.weight.data.copy_(old.weight.data[:, rows])
    attention.heads = len(keep)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(12, DIM)
        self.blocks = nn.ModuleList(Attention(DIM, HEADS) for _ in range(2))
        self.head = nn.Linear(DIM, 3)

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x.mean(1))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for step in range(40):
    if step == 30:
        for block in model.blocks:
            prune(block, keep=[0, 1, 3])
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    loss = nn.functional.cross_entropy(model(torch.randn(4, 6, 12)), torch.randint(0, 3, (4,)))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
