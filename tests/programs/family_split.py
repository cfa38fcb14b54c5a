"""Splits into parts that do not add up."""
import torch

packed = torch.zeros(8, 2)
torch.split(packed, [3, 4])  # FAIL HERE
