"""Selects a row that does not exist."""
import torch

table = torch.zeros(5, 3)
rows = torch.tensor([0, 2, 7])
table.index_select(0, rows)  # FAIL HERE
