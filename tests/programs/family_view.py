"""Regroups a tensor into sizes that do not hold it."""
import torch

hidden = torch.zeros(3, 4)
hidden.view(2, 7)  # FAIL HERE
