"""Object queries are the best of a picture's places; a smaller picture has fewer places than queries. --fixed: no more are asked for."""
import random
import sys

import torch
from torch import nn


class Detector(nn.Module):
    def __init__(self, width=16, queries=50):
        super().__init__()
        self.patch, self.score = nn.Conv2d(3, width, 16, 16), nn.Linear(width, 1)
        self.query, self.queries = nn.Embedding(queries, width), queries
        self.decoder = nn.TransformerDecoderLayer(width, 2, 32, batch_first=True)

    def forward(self, image):
        memory = self.patch(image).flatten(2).transpose(1, 2)
        count = min(self.queries, memory.shape[1]) if "--fixed" in sys.argv else self.queries
        best = self.score(memory).squeeze(-1).topk(count if "--fixed" in sys.argv else self.queries, dim=1).indices  # FAIL HERE
        chosen = memory.gather(1, best[..., None].expand(-1, -1, memory.shape[-1]))
        return self.decoder(chosen + self.query.weight[:count], memory)


random.seed(4)
torch.manual_seed(4)
model = Detector()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(330):
    height, width = random.choice([(128, 128), (160, 128), (128, 192)]) if step < 310 else (96, 128)
    model(torch.randn(1, 3, height, width)).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
print("trained")
