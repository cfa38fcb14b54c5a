"""A model's own check of its mask, which was made without the cache that the keys are joined to."""
import sys

import torch
from torch import nn
torch.manual_seed(0)
class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.head_dim = heads, width // heads
        self.qkv = nn.Linear(width, 3 * width)
    def forward(self, x, mask, past=None):
        bsz, q_len, _ = x.size()
        q, k, v = (t.view(bsz, q_len, self.heads, self.head_dim).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        if past is not None:
            k = torch.cat([past[0], k], 2)
            v = torch.cat([past[1], v], 2)
        kv_len = k.shape[-2]
        if mask.size() != (bsz, 1, q_len, kv_len):
            raise ValueError(f"Attention mask should be of size {(bsz, 1, q_len, kv_len)}, but is {mask.size()}")  # FAIL HERE
        w = (q @ k.transpose(-1, -2)).masked_fill(mask, -1e9).softmax(-1)
        return (w @ v).transpose(1, 2).reshape(bsz, q_len, -1), (k, v)
net = Attention(32, 4)
def causal(n):
    return torch.ones(n, n, dtype=torch.bool).triu(1)[None, None]
for step in range(20):
    x = torch.randn(2, 12, 32)
    y, past = net(x, causal(12).expand(2, -1, -1, -1))
    y.sum().backward()
prompt = torch.randn(2, 12, 32)
with torch.no_grad():
    y, past = net(prompt, causal(12).expand(2, -1, -1, -1))
    for t in range(4):
        new = torch.randn(2, 1, 32)
        y, past = net(new, torch.zeros(2, 1, 1, 13 + t if "fixed" in sys.argv else 1, dtype=torch.bool), past)
