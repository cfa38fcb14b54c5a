"""More than 100,000 operations, of a thousand shapes."""
import torch

for i in range(60000):
    x = torch.ones(1 + i % 997, 4)
    x + x
