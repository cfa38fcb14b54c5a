"""A hand-written autograd function cuts its input to a limit, and its backward forgets to fill up what was cut."""
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
MAX_FRAMES = 24


class CutAndScale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.frames = x.shape[1]
        x = x[:, :MAX_FRAMES]
        ctx.save_for_backward(x, scale)
        return x * scale

    @staticmethod
    def backward(ctx, grad):
        x, scale = ctx.saved_tensors
        grad_x = grad * scale  # ORIGIN
        if FIXED:
            grad_x = nn.functional.pad(grad_x, (0, 0, 0, ctx.frames - grad_x.shape[1]))
        return grad_x, (grad * x).sum((0, 1))


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(6, 3)
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return CutAndScale.apply(self.proj(x), self.scale)  # FAIL HERE


def main():
    torch.manual_seed(0)
    head = Head()
    optimizer = torch.optim.SGD(head.parameters(), lr=1e-2)
    for step in range(80):
        frames = 31 if step == 73 else 3 + step % 22
        loss = head(torch.randn(2, frames, 6)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
