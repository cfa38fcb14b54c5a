"""A schedule says how many tokens a checkpointed block keeps, and is moved on between forward and backward: recomputed it keeps fewer.
With --fixed it is moved on after the backward."""
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

FIXED = "--fixed" in sys.argv


class Schedule:
    def __init__(self, steps):
        self.steps, self.ratio = steps, 1.0

    def advance(self, step):
        if step >= self.steps:
            self.ratio = 0.5


class KeepBest(nn.Module):
    def __init__(self, schedule):
        super().__init__()
        self.schedule, self.score, self.mix = schedule, nn.Linear(8, 1), nn.Linear(8, 8)

    def forward(self, x):
        kept = int(x.shape[1] * self.schedule.ratio)
        best = self.score(x).squeeze(-1).topk(kept, dim=1).indices
        return self.mix(x.gather(1, best.unsqueeze(-1).expand(-1, -1, 8))).relu()


def log(step, loss, schedule):
    schedule.advance(step)
    if step % 4 == 0:
        print(f"step {step}")


def main():
    torch.manual_seed(0)
    schedule = Schedule(8)
    block, head = KeepBest(schedule), nn.Linear(8, 1)
    optimizer = torch.optim.SGD([*block.parameters(), *head.parameters()], lr=0.01)
    for step in range(12):
        x = torch.randn(3, 12, 8, requires_grad=True)
        loss = head(checkpoint(block, x, use_reentrant=False)).mean()
        if not FIXED:
            log(step, loss, schedule)
        loss.backward()  # FAIL HERE
        optimizer.step()
        optimizer.zero_grad()
        if FIXED:
            log(step, loss, schedule)
    print("done")


if __name__ == "__main__":
    main()
