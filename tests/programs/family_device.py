"""Part of a model was left on another device."""
import torch

hidden = torch.zeros(4, 8)
bias = torch.zeros(8, device="meta")  # ORIGIN
hidden + bias  # FAIL HERE
