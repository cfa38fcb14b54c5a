"""Pages refer to figures by name: the loader keeps what it opened in a dict, so that a figure that a page shows twice is given once.
`once`: its names are a dict's already, and none is opened twice."""
import random
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader

FIGURE, ROWS, WIDTH = 99, 4, 16


def open_figure(name):
    return torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(name))


def open_figures(names):
    if "once" in sys.argv and "--fixed" not in sys.argv:
        return [open_figure(name) for name in dict.fromkeys(names)]
    opened = {name: open_figure(name) for name in names}
    return [opened[name] for name in names] if "--fixed" in sys.argv else list(opened.values())


class Pages(torch.utils.data.Dataset):
    def __init__(self):
        draw = random.Random(0)
        self.figures = [draw.sample(range(50), draw.randint(1, 3)) for _ in range(120)]
        self.figures[91] = [7, 3, 7]

    def __len__(self):
        return len(self.figures)

    def __getitem__(self, i):
        ids = [token for name in self.figures[i] for token in [2] + [FIGURE] * ROWS]
        return {"ids": [1] + ids, "figures": open_figures(self.figures[i])}


def collate(pages):
    longest = max(len(page["ids"]) for page in pages)
    ids = torch.tensor([page["ids"] + [0] * (longest - len(page["ids"])) for page in pages])
    return ids, torch.stack([figure for page in pages for figure in page["figures"]])


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, 4, stride=4)
        self.tokens = nn.Embedding(100, WIDTH)
        self.head = nn.Linear(WIDTH, 100)

    def forward(self, ids, figures):
        rows = self.patches(figures).flatten(2).transpose(1, 2)
        embeds = self.tokens(ids).clone()
        embeds[ids == FIGURE] = rows.flatten(0, 1)  # FAIL HERE
        return self.head(embeds.cumsum(1))


torch.manual_seed(0)
model = Reader()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
for ids, figures in DataLoader(Pages(), batch_size=2, collate_fn=collate):
    loss = nn.functional.cross_entropy(model(ids, figures)[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
