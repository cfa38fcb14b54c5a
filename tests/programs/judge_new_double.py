"""numpy features into a model."""
import sys

import numpy as np
import torch
from torch import nn

features = np.random.default_rng(0).normal(size=(200, 12))
targets = np.random.default_rng(1).normal(size=(200, 1)).astype(np.float32)
X = torch.from_numpy(features)  # ORIGIN
if "--fixed" in sys.argv:
    X = X.float()
Y = torch.from_numpy(targets)
model = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for i in range(0, 200, 10):
    pred = model(X[i:i + 10])  # FAIL HERE
    loss = ((pred - Y[i:i + 10]) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print("ok", flush=True)
