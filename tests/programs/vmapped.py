"""A function under vmap that fails."""
import torch

def score(row):
    return row + torch.zeros(5)  # FAIL HERE


print(tuple(torch.vmap(score)(torch.zeros(3, 5)).shape), flush=True)
torch.vmap(score)(torch.zeros(3, 4))
