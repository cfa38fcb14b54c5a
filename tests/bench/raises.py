"""Some healthy steps, then a failing operation; writes the time just before it into the file it is given."""
import sys
import time

import torch
from torch import nn

model = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 4)
optimizer = torch.optim.AdamW(model.parameters())
for _ in range(20):
    model(torch.randn(2, 8, 32)).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
with open(sys.argv[1], "w") as file:
    file.write(f"{time.time():.6f}")
model(torch.randn(2, 8, 33))
