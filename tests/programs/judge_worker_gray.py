"""Pictures are stored as flat bytes; two workers read them."""
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

SIZE = 12


class Stored(Dataset):
    def __init__(self):
        rng = np.random.default_rng(0)
        self.files = [rng.integers(0, 255, SIZE * SIZE * 3, dtype=np.uint8) for _ in range(500)]
        if "--fixed" not in sys.argv:
            self.files[437] = rng.integers(0, 255, SIZE * SIZE, dtype=np.uint8)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        data = torch.from_numpy(self.files[i].astype("float32"))  # ORIGIN
        picture = data.view(SIZE, SIZE, 3).permute(2, 0, 1) / 255  # FAIL HERE
        return picture, i % 5


def main():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in DataLoader(Stored(), batch_size=8, num_workers=2):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    main()
