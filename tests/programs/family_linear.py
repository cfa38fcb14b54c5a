"""A projection gets features of another width."""
import torch

from torch import nn


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(16, 4)

    def forward(self, hidden):
        return self.proj(hidden)  # FAIL HERE


head = Head()
head(torch.zeros(2, 16))
head(torch.zeros(2, 3, 12))
