"""Stacks rows of unequal length."""
import torch

torch.manual_seed(0)
rows = [torch.randn(3, 8), torch.randn(4, 8)]
print(len(rows), flush=True)
torch.stack(rows)  # FAIL HERE
