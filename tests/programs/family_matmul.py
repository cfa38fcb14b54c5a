"""Multiplies matrices whose inner sizes differ."""
import torch

left = torch.zeros(4, 8)
right = torch.zeros(7, 5)
left @ right  # FAIL HERE
