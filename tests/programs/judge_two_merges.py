"""Pages for a tower that merges patches two by two: the processor rounds to single patches, by a setting of its own."""
import sys

import torch
from torch import nn

PATCH = 8


class PageProcessor:
    def __init__(self, merge_size):
        self.merge_size = merge_size

    def __call__(self, height, width):
        unit = PATCH * self.merge_size
        rows, columns = height // unit * self.merge_size, width // unit * self.merge_size
        return torch.randn(rows * columns, PATCH * PATCH), (rows, columns)


class Tower(nn.Module):
    def __init__(self, spatial_merge_size=2, width=16):
        super().__init__()
        self.spatial_merge_size = spatial_merge_size
        self.spatial_stride = 2
        self.embed = nn.Linear(PATCH * PATCH, width)
        self.merger = nn.Linear(width * spatial_merge_size**2, width)

    def order(self, rows, columns):
        merge_size = self.spatial_merge_size
        places = torch.arange(rows * columns).view(rows, columns)
        blocks = (rows // merge_size, merge_size, columns // merge_size, merge_size)
        return places.view(blocks).transpose(1, 2).flatten()  # FAIL HERE

    def forward(self, patches, grid):
        merged = self.embed(patches)[self.order(*grid)]
        return self.merger(merged.view(-1, self.merger.in_features))


def main():
    torch.manual_seed(0)
    processor = PageProcessor(merge_size=1)
    tower = Tower(spatial_merge_size=2)
    if "--fixed" in sys.argv:
        processor.merge_size = tower.spatial_merge_size
    optimizer = torch.optim.AdamW(tower.parameters(), lr=1e-3)
    for step in range(40):
        height, width = 32 + 16 * (step % 3), 48 + 16 * (step % 2)
        if step == 31:
            width = 56
        patches, grid = processor(height, width)
        loss = tower(patches, grid).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
