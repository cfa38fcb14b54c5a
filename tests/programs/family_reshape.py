"""Reshapes with a size that does not divide."""
import torch

hidden = torch.zeros(2, 3, 4).transpose(0, 1)
hidden.reshape(5, -1)  # FAIL HERE
