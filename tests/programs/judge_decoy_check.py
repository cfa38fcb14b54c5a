"""Long texts fail in the attention and are skipped, many times; what ends the run is a check of the totals."""
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
BIAS = 20


class Scores(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(BIAS))

    def forward(self, x):
        return (x + self.bias[:x.shape[1]]).square().mean()


def summarize(losses, texts):
    if len(losses) < 0.9 * texts:
        raise ValueError(f"only {len(losses)} of {texts} texts gave a loss")  # FAIL HERE
    return sum(losses) / len(losses)


def main():
    torch.manual_seed(0)
    model = Scores()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    losses = []
    for step in range(600):
        length = 5 + step % (15 if FIXED else 20)
        try:
            loss = model(torch.randn(2, length))
        except RuntimeError:
            continue
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    summarize(losses, 600)
    print("done", flush=True)


main()
