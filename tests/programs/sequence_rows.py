"""Notes with one to three sketches of several sizes: the tower keeps at most 6 patches a side, the text has places for all of them."""
import sys

import torch
from torch import nn

PATCH, WIDTH, SKETCH, MOST = 4, 16, 99, 6


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, WIDTH, PATCH, stride=PATCH)
        self.tokens = nn.Embedding(100, WIDTH)
        self.head = nn.Linear(WIDTH, 100)

    def forward(self, ids, sketches):
        rows = torch.cat([self.patches(sketch)[:, :MOST, :MOST].flatten(1).T for sketch in sketches])
        embeds = self.tokens(ids).clone()
        embeds[ids == SKETCH] = rows  # FAIL HERE
        return self.head(embeds.cumsum(1))


def places(high, wide):
    if "--fixed" in sys.argv:
        return min(high, MOST) * min(wide, MOST)
    return high * wide


def batch(notes):
    texts = [[1] + [token for grid in note for token in [2] + [SKETCH] * places(*grid)] + [3] * 4 for note in notes]
    longest = max(len(text) for text in texts)
    ids = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
    return ids, [torch.rand(1, PATCH * high, PATCH * wide) for note in notes for high, wide in note]


torch.manual_seed(0)
model = Reader()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
for step in range(40):
    notes = [[(3, 5), (4, 4 + step % 3)], [(8, 9) if step == 27 else (5, 5)], [(2, 6)]]
    ids, sketches = batch(notes)
    loss = nn.functional.cross_entropy(model(ids, sketches)[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
