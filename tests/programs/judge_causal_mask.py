"""A small GPT with its causal mask in a buffer, as many teaching repositories have it; the 1,050th text is longer than the buffer."""
import math
import sys
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class GPTConfig:
    block_size: int = 64
    n_head: int = 2
    n_embd: int = 16
    vocab_size: int = 50


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.register_buffer("bias", torch.tril(torch.ones(config.block_size, config.block_size))  # ORIGIN
                             .view(1, 1, config.block_size, config.block_size))

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (t.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in (q, k, v))
        att = (q @ k.transpose(-2, -1)) / math.sqrt(k.size(-1))
        att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))  # FAIL HERE
        return (att.softmax(-1) @ v).transpose(1, 2).reshape(B, T, C)


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.attn = CausalSelfAttention(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size)

    def forward(self, idx):
        logits = self.lm_head(self.attn(self.wte(idx)))
        return nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), idx[:, 1:].flatten())


def main():
    torch.manual_seed(0)
    model = GPT(GPTConfig(block_size=128 if "--fixed" in sys.argv else 64))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(1060):
        length = 71 if step == 1050 else 8 + step * 13 % 57
        loss = model(torch.randint(0, 50, (2, length)))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
