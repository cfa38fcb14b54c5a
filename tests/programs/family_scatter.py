"""Scatters more rows than the table has columns."""
import torch

table = torch.zeros(4, 3)
index = torch.zeros(5, 3, dtype=torch.long)
table.scatter(1, index, torch.ones(5, 3))  # FAIL HERE
