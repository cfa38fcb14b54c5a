"""Scanned pages, one of which was saved with an alpha channel; workers bring each page's channels to one mean. --fixed: it is left out when it is read."""
import random
import sys

import numpy as np
import torch
from torch import nn

MEAN = torch.tensor([0.8, 0.7, 0.6])


class Pages(torch.utils.data.Dataset):
    def __init__(self, heights):
        self.heights = heights

    def __len__(self):
        return len(self.heights)

    def read(self, i):
        page = np.random.default_rng(i).integers(0, 256, (self.heights[i], 20, 4 if i == 141 else 3), dtype=np.uint8)
        return page[..., :3] if "--fixed" in sys.argv else page

    def __getitem__(self, i):
        page = torch.from_numpy(self.read(i)).float() / 255  # READ HERE
        return (page - MEAN).permute(2, 0, 1)  # FAIL HERE


def collate(pages):
    most = max(page.shape[1] for page in pages)
    return torch.stack([nn.functional.pad(page, (0, 0, 0, most - page.shape[1])) for page in pages])


def main():
    torch.manual_seed(0)
    rng = random.Random(4)
    loader = torch.utils.data.DataLoader(Pages([rng.randint(16, 30) for _ in range(160)]), batch_size=4, collate_fn=collate, num_workers=2)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for pages in loader:
        model(pages).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
