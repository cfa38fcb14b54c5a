"""LSTM with a hidden state that I make myself; my data is (batch, time, feature)."""
import sys

import torch
from torch import nn


class Forecast(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.hidden, self.layers = hidden, layers
        if "--fixed" in sys.argv:
            self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)
        else:
            self.lstm = nn.LSTM(features, hidden, layers)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h0 = torch.zeros(self.layers, x.size(0), self.hidden)  # ORIGIN
        c0 = torch.zeros(self.layers, x.size(0), self.hidden)
        y, _ = self.lstm(x, (h0, c0))  # FAIL HERE
        return self.out(y[:, -1])


model = Forecast(5, 24, 2)
optimizer = torch.optim.Adam(model.parameters())
for step in range(30):
    x = torch.randn(16, 50, 5)
    loss = (model(x) - torch.randn(16, 1)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("ok", flush=True)
