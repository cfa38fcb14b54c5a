"""A detector's loss under autocast: the targets are made in the dtype of the logits, which autocast made; the overlaps of the boxes stay float32.
With --fixed the overlaps are converted."""
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(16, 32)
        self.classes = nn.Linear(32, 6)
        self.boxes = nn.Linear(32, 4)

    def forward(self, queries):
        hidden = self.body(queries).relu()
        return {"logits": self.classes(hidden), "boxes": self.boxes(hidden).sigmoid()}


def overlap(one, other):
    low, high = torch.max(one[:, :2], other[:, :2]), torch.min(one[:, 2:], other[:, 2:])
    return (high - low).clamp(min=0).prod(-1).clamp(min=0.01)


def loss_of(out, places, labels, boxes):
    logits = out["logits"]
    ious = overlap(out["boxes"].detach()[places], boxes)
    targets = torch.zeros(logits.shape, dtype=logits.dtype)
    if FIXED:
        ious = ious.to(targets.dtype)
    targets[(*places, labels)] = ious  # FAIL HERE
    return nn.functional.binary_cross_entropy_with_logits(logits, targets)


def main():
    torch.manual_seed(0)
    model = Detector()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for step in range(3):
        places = torch.tensor([0, 0, 1]), torch.tensor([1, 4, 2])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model(torch.randn(2, 8, 16)), places, torch.tensor([0, 5, 3]), torch.rand(3, 4))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done")


if __name__ == "__main__":
    main()
