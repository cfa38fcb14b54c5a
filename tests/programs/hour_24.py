"""Tables for what is known of a time, one for each column; one entry of a time sheet is called 24 o'clock. --fixed: it is the next day's 0."""
import random
import sys

import torch
from torch import nn


class Times(nn.Module):
    def __init__(self, rows, width):
        super().__init__()
        self.tables = nn.ModuleDict({name: nn.Embedding(count, width) for name, count in rows.items()})  # MADE HERE

    def forward(self, columns):
        return torch.stack([table(columns[..., i]) for i, table in enumerate(self.tables.values())]).sum(0)  # FAIL HERE


def read_sheets(count):
    rng = random.Random(12)
    sheets = [[(rng.randrange(7), rng.randrange(24), rng.randrange(4)) for _ in range(rng.randint(3, 12))] for _ in range(count)]
    sheets[203][2] = (4, 24, 0)
    if "--fixed" in sys.argv:
        sheets[203][2] = (5, 0, 0)
    return sheets


def collate(sheets):
    return nn.utils.rnn.pad_sequence([torch.tensor(sheet) for sheet in sheets], batch_first=True)


def main():
    torch.manual_seed(0)
    rows = {"weekday": 7, "hour": 24, "quarter": 4}
    model = nn.Sequential(Times(rows, 16), nn.Linear(16, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for sheets in torch.utils.data.DataLoader(read_sheets(240), batch_size=3, collate_fn=collate):
        model(sheets).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
