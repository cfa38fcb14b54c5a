"""Looks up a token beyond the vocabulary."""
import torch

embed = torch.nn.Embedding(10, 4)
tokens = torch.tensor([[1, 2, 3], [4, 12, 6]])
embed(tokens)  # FAIL HERE
