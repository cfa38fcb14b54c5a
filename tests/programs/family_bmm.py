"""A batch of matrices whose inner sizes differ."""
import torch

query = torch.zeros(4, 6, 8)
key = torch.zeros(4, 7, 6)
torch.bmm(query, key)  # FAIL HERE
