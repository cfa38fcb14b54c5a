"""A model leaves out its encoder's class token; what counts the places in the text takes one off the patches as well."""
import sys

import torch
from torch import nn

IMAGE, PATCHES, WIDTH = 2, 16, 16


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, 8, 8)
        self.front = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.project = nn.Linear(WIDTH, WIDTH)
        self.table = nn.Embedding(50, WIDTH)
        self.head = nn.Linear(WIDTH, 50)

    def features(self, pictures):
        patches = self.patch(pictures).flatten(2).transpose(1, 2)
        encoded = torch.cat([self.front.expand(len(pictures), -1, -1), patches], dim=1)
        return self.project(encoded[:, 1:])  # DROPPED

    def forward(self, ids, pictures):
        x = self.table(ids).clone()
        x[ids == IMAGE] = torch.cat(list(self.features(pictures)))  # FAIL HERE
        return self.head(x)


torch.manual_seed(0)
places = PATCHES if "--fixed" in sys.argv else PATCHES - 1
model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    text = torch.randint(3, 50, (3, 6))
    ids = torch.cat([text[:, :2], torch.full((3, places), IMAGE), text[:, 2:]], dim=1)
    loss = nn.functional.cross_entropy(model(ids, torch.randn(3, 3, 32, 32)).flatten(0, 1), ids.flatten())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done")
