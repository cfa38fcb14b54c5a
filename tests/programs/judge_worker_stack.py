"""A map-style dataset read by two worker processes with the default collation; one drawing keeps its own height."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

FIXED = "--fixed" in sys.argv
SIDE = 16


class Drawings(Dataset):
    def __len__(self):
        return 1600

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        height = 20 if index == 1301 else SIDE
        picture = torch.rand(3, height, SIDE, generator=generator)  # ORIGIN
        if FIXED:
            picture = picture[:, :SIDE]
        return {"pixel_values": picture, "labels": index % 4}


def main():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    loader = DataLoader(Drawings(), batch_size=4, num_workers=2)
    for batch in loader:
        loss = nn.functional.cross_entropy(model(batch["pixel_values"]), batch["labels"])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


if __name__ == "__main__":
    main()
