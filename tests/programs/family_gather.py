"""Gathers with an index that is wider than its source."""
import torch

scores = torch.zeros(4, 5)
chosen = torch.zeros(2, 6, dtype=torch.long)
scores.gather(0, chosen)  # FAIL HERE
