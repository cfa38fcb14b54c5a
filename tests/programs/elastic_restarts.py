"""Two ranks under torchrun, which restarts them: rank 1 fails in every attempt, each time a step later."""
import os
import time

import torch
from torch import nn

ATTEMPT = int(os.environ["TORCHELASTIC_RESTART_COUNT"])
RANK = int(os.environ["RANK"])
WIDTH = 6


def main():
    torch.manual_seed(0)
    model = nn.Linear(WIDTH, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(4):
        wrong = RANK == 1 and step == ATTEMPT + 1
        features = torch.randn(3, WIDTH + 1 + ATTEMPT if wrong else WIDTH)
        loss = model(features).square().mean()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    time.sleep(60)  # until torchrun ends it


main()
