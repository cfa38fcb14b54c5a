"""More places in the mask than values to put there."""
import torch

hidden = torch.zeros(2, 6, 4)
mask = torch.zeros(2, 6, 1, dtype=torch.bool)
mask[:, 1:4] = True
features = torch.ones(5, 4)
hidden.masked_scatter(mask, features)  # FAIL HERE
