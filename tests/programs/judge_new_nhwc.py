"""Pictures read as numpy arrays go to a convolution."""
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset):
    def __len__(self):
        return 64

    def __getitem__(self, i):
        picture = np.random.default_rng(i).random((32, 32, 3), dtype=np.float32)
        x = torch.from_numpy(picture)  # ORIGIN
        if "--fixed" in sys.argv:
            x = x.permute(2, 0, 1)
        return x, i % 2


model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
opt = torch.optim.Adam(model.parameters())
for x, y in DataLoader(Pictures(), batch_size=8):
    loss = nn.functional.cross_entropy(model(x), y)  # FAIL HERE
    opt.zero_grad()
    loss.backward()
    opt.step()
print("ok", flush=True)
