"""A half precision model with float32 norms is trained under autocast; every now and then it is tried outside of it.
With --fixed the trial runs under autocast, too."""
import contextlib
import sys

import torch

FIXED = "--fixed" in sys.argv


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.LayerNorm(16)
        self.mix = torch.nn.Linear(16, 16).to(torch.bfloat16)

    def forward(self, x):
        return self.mix(self.norm(x))  # FAIL HERE


def trial(model):
    context = torch.autocast("cpu", dtype=torch.bfloat16) if FIXED else contextlib.nullcontext()
    with torch.no_grad(), context:
        return model(torch.ones(1, 16))


def main():
    torch.manual_seed(0)
    model = Block()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for step in range(1, 41):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(torch.ones(4, 16)).float().square().mean()
        loss.backward()
        optimizer.step()
        if step % 40 == 0:
            print(trial(model).shape)


if __name__ == "__main__":
    main()
