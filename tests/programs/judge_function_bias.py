"""A custom linear Function whose backward sums the bias's gradient over the wrong dimension; that fits as long as the batch is as large as the layer."""
import sys

import torch
from torch import nn


class FusedLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.t() + bias

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        grad_x = grad @ weight
        grad_w = grad.t() @ x
        grad_b = grad.sum(0 if "--fixed" in sys.argv else 1)  # ORIGIN
        return grad_x, grad_w, grad_b


class Layer(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) * 0.1)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return FusedLinear.apply(x, self.weight, self.bias)  # FAIL HERE


net = nn.Sequential(Layer(5, 7), nn.ReLU(), Layer(7, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(1500):
    rows = 4 if step == 1490 else 7
    net(torch.randn(rows, 5)).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
