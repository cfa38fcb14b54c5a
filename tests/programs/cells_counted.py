"""Each cell's share of a batch of points weighs a bias: the shares are counted by bincount, which ends at the largest cell that occurs, and in one batch no point is
in the last. With --fixed it is told how many cells there are."""
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
CELLS = 6


class Located(nn.Module):
    def __init__(self):
        super().__init__()
        self.near, self.bias = nn.Linear(2, CELLS), nn.Parameter(torch.zeros(CELLS))

    def forward(self, points, cell):
        share = torch.bincount(cell, minlength=CELLS if FIXED else 0) / cell.numel()
        scores = self.near(points)
        return scores + self.bias * share.log1p()  # FAIL HERE


def batches():
    draw = torch.Generator().manual_seed(5)
    for step in range(40):
        cell = torch.randint(0, CELLS, (18 + step % 5,), generator=draw)
        cell[0] = CELLS - 1
        if step == 31:
            cell = cell.clamp(max=CELLS - 2)
        yield torch.stack([cell.float(), torch.rand(len(cell), generator=draw)], 1), cell


def main():
    torch.manual_seed(0)
    model = Located()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for points, cell in batches():
        loss = nn.functional.cross_entropy(model(points, cell), cell)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("done")


if __name__ == "__main__":
    main()
