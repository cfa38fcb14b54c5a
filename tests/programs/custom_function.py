"""A custom Function that fails in its forward."""
import torch

class Join(torch.autograd.Function):
    @staticmethod
    def forward(ctx, left, right):
        return torch.cat([left, right], dim=0)  # FAIL HERE

    @staticmethod
    def backward(ctx, grad):
        return grad[:2], grad[2:]


Join.apply(torch.ones(2, 3, requires_grad=True), torch.ones(2, 4))
