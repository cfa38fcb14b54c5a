"""A board's places are cut from a table of 9 x 9. One board is 5 x 12: the cut gives 5 x 9, and nothing says so until both are added."""
import random
import sys

import torch
from torch import nn


class Player(nn.Module):
    def __init__(self, width=6, side=9):
        super().__init__()
        self.side = max(side, 12) if "--fixed" in sys.argv else side
        self.register_buffer("places", torch.randn(self.side, self.side, width))  # MADE
        self.stones = nn.Embedding(3, width)
        self.value = nn.Linear(width, 1)

    def forward(self, board):
        rows, columns = board.shape
        where = self.places[:rows, :columns].flatten(0, 1)  # ORIGIN
        x = self.stones(board.flatten()) + where  # FAIL HERE
        return self.value(x).mean()


def main():
    torch.manual_seed(0)
    rng = random.Random(1)
    model = Player()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(40):
        rows, columns = rng.randint(4, 9), rng.randint(4, 9)
        if step == 33:
            rows, columns = 5, 12
        model(torch.randint(0, 3, (rows, columns))).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
