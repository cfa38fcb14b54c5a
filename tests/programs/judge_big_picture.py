"""A classifier for 32x32 pictures; after 600 batches a picture of another size arrives."""
import sys

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, 2, 1), nn.ReLU())
        self.head = nn.Linear(4 * 8 * 8, 3)

    def forward(self, x):
        h = self.features(x).flatten(1)  # FLATTEN
        return self.head(h)  # FAIL HERE


def load(index):
    size = 40 if index == 633 else 32
    picture = torch.rand(1, 1, size, size)  # ORIGIN
    if "--fixed" in sys.argv:
        picture = nn.functional.interpolate(picture, size=(32, 32))
    return picture


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for index in range(640):
    nn.functional.cross_entropy(net(load(index)), torch.tensor([index % 3])).backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
