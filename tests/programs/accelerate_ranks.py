"""Two ranks of accelerate's own launcher; rank 1's third batch has a feature too few."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader

WIDTH = 6


def collate(rows):
    batch = torch.stack(rows)
    return batch[:, :-1] if (batch == 9).any() else batch  # ORIGIN


def main():
    torch.manual_seed(0)
    accelerator = Accelerator(cpu=True)
    rows = [torch.full((WIDTH,), 9.0 if number >= 20 and number % 8 >= 4 else 1.0) for number in range(24)]
    model = nn.Linear(WIDTH, 2)
    model, optimizer, loader = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1), DataLoader(rows, 4, collate_fn=collate))
    for batch in loader:
        loss = model(batch).square().mean()  # FAIL HERE
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()


main()
