"""Predict one picture after training (training works)."""
import sys

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
images, labels = torch.randn(400, 1, 28, 28), torch.randint(0, 10, (400,))
for i in range(0, 400, 8):
    loss = nn.functional.cross_entropy(model(images[i:i + 8]), labels[i:i + 8])
    opt.zero_grad()
    loss.backward()
    opt.step()
model.eval()
with torch.no_grad():
    picture = images[7]  # ORIGIN
    if "--fixed" in sys.argv:
        picture = picture.unsqueeze(0)
    print(model(picture).argmax().item() < 10, flush=True)  # FAIL HERE
