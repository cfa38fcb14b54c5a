"""What backward needs was overwritten: no operation fails, the engine refuses."""
import torch

weight = torch.ones(3, requires_grad=True)
hidden = weight.exp()  # FAIL HERE
hidden.add_(1.0)
print("forward done", flush=True)
hidden.sum().backward()
