"""As many logits as tokens, fewer labels."""
import torch

logits = torch.zeros(8, 10, requires_grad=True)
labels = torch.zeros(6, dtype=torch.long)
torch.nn.functional.cross_entropy(logits, labels)  # FAIL HERE
