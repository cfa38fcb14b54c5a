"""Kinds turned into columns for each data set by itself: what evaluation has lacks one kind, and so a column. With --fixed training's kinds are kept."""
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

FIXED = "--fixed" in sys.argv


def encode(kinds, known):
    return np.stack([(np.array(kinds) == kind).astype(np.float32) for kind in known], axis=1)


class Houses(Dataset):
    def __init__(self, kinds, known=None):
        self.known = known if known is not None else sorted(set(kinds))
        self.features = encode(kinds, self.known)
        self.prices = [float(len(kind)) for kind in kinds]

    def __len__(self):
        return len(self.prices)

    def __getitem__(self, i):
        return self.features[i], self.prices[i]


def collate(rows):
    return torch.from_numpy(np.stack([features for features, _ in rows])), torch.tensor([price for _, price in rows])


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    return sum(((model(x)[:, 0] - y) ** 2).sum().item() for x, y in loader)  # FAIL HERE


def main():
    torch.manual_seed(0)
    kinds = ["flat", "house", "studio", "cottage", "villa", "farm"]
    train = Houses([kinds[i % 6] for i in range(96)])
    valid = Houses([kinds[i % 5] for i in range(20)], train.known if FIXED else None)
    model = nn.Sequential(nn.Linear(len(train.known), 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for x, y in DataLoader(train, batch_size=4, shuffle=True, collate_fn=collate):
        optimizer.zero_grad()
        ((model(x)[:, 0] - y) ** 2).mean().backward()
        optimizer.step()
    print("error", evaluate(model, DataLoader(valid, batch_size=10, collate_fn=collate)))


if __name__ == "__main__":
    main()
