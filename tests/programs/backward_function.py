"""A custom Function whose backward multiplies the wrong way round."""
import torch

class Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight):
        ctx.save_for_backward(hidden, weight)
        return hidden @ weight

    @staticmethod
    def backward(ctx, grad):
        hidden, weight = ctx.saved_tensors
        return torch.mm(grad, weight), torch.mm(hidden.t(), grad)  # FAIL HERE


hidden = torch.randn(4, 6, requires_grad=True)
weight = torch.randn(6, 3, requires_grad=True)
loss = Project.apply(hidden, weight).sum()
print("forward done", flush=True)
loss.backward()
