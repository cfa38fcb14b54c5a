"""A checkpointed block that fails."""
import torch

from torch import nn
from torch.utils.checkpoint import checkpoint


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(6))

    def forward(self, hidden):
        return hidden * self.scale  # FAIL HERE


block = Block()
checkpoint(block, torch.zeros(2, 6), use_reentrant=False).sum().backward()
print("first", flush=True)
checkpoint(block, torch.zeros(2, 5), use_reentrant=False).sum().backward()
