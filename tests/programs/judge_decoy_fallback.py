"""Every third batch the fused path fails and a slow path takes over (as libraries do); later something else is really wrong."""
import sys

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        q, k, v = self.qkv(x).chunk(3, -1)
        try:
            y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        except RuntimeError:
            scores = q @ k.transpose(1, 2) / 8 ** 0.5
            if mask is not None:
                scores = scores.masked_fill(~mask[:, :scores.size(1), :scores.size(2)], -1e9)
            y = scores.softmax(-1) @ v
        return self.out(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.position = Attention(), nn.Parameter(torch.zeros(1, 24, 8))  # ORIGIN

    def forward(self, x, mask):
        length = min(x.size(1), self.position.size(1)) if "--fixed" in sys.argv else x.size(1)
        x = x[:, :length] + self.position[:, :length]  # FAIL HERE
        return self.attention(x, mask)


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(500):
    length = 27 if step == 491 else 5 + step % 18
    mask = torch.ones(1, 32, 32, dtype=torch.bool) if step % 3 == 0 or step == 491 else None
    net(torch.randn(2, length, 8), mask).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
