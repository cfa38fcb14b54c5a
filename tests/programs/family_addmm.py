"""addmm whose matrices do not fit."""
import torch

total = torch.zeros(3, 5)
left = torch.zeros(3, 6)
right = torch.zeros(4, 5)
torch.addmm(total, left, right)  # FAIL HERE
