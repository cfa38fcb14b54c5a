"""A label that is no class."""
import torch

logits = torch.zeros(4, 10, requires_grad=True)
labels = torch.tensor([1, 2, 12, 3])
torch.nn.functional.cross_entropy(logits, labels)  # FAIL HERE
