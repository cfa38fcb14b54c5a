"""Part of a model was left on another device."""
import torch

hidden = torch.zeros(4, 8)
weight = torch.zeros(8, 3, device="meta")
torch.mm(hidden, weight)  # FAIL HERE
