"""Half precision activations meet a float weight."""
import torch

hidden = torch.zeros(4, 8, dtype=torch.bfloat16)
weight = torch.zeros(8, 3)
torch.mm(hidden, weight)  # FAIL HERE
