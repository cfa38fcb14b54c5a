"""A picture's patches are put in place of its token: embeddings and mask grow from 9 to 24 positions, the labels stay at 9."""
import sys

import torch
from torch import nn
from torch.nn import functional as F

IMAGE, PAD = 98, 97


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(100, 16)
        self.vision = nn.Conv2d(3, 16, 14, stride=14)
        self.body = nn.GRU(16, 16, batch_first=True)
        self.head = nn.Linear(16, 100)

    def merge(self, patches, embeds, ids, mask, labels):
        count, width = patches.shape[1:]
        image = ids == IMAGE
        size = int(image.sum(-1).max()) * (count - 1) + ids.shape[1]
        where = torch.cumsum(image * (count - 1) + 1, -1) - 1
        rows, text = torch.where(~image)
        to = where[rows, text]
        out = torch.zeros(ids.shape[0], size, width)
        out_mask = torch.zeros(ids.shape[0], size, dtype=mask.dtype)  # ORIGIN
        out[rows, to] = embeds[rows, text]
        out_mask[rows, to] = mask[rows, text]
        new = torch.ones(ids.shape[0], size, dtype=torch.bool)
        new[rows, to] = False
        out[new] = patches.reshape(-1, width)
        out_mask |= new.to(mask.dtype)
        if "--fixed" in sys.argv and labels is not None:
            kept = labels
            labels = torch.full((ids.shape[0], size), -100)
            labels[rows, to] = kept[rows, text]
        return out, out_mask, labels

    def forward(self, pixels, ids, mask, labels=None):
        patches = self.vision(pixels).flatten(2).transpose(1, 2)
        x, mask, labels = self.merge(patches, self.embed(ids), ids, mask, labels)
        logits = self.head(self.body(x)[0])
        if labels is None:
            return None, logits
        shift_mask = mask[..., 1:]
        wanted = logits[..., :-1, :][shift_mask != 0]
        return F.cross_entropy(wanted, labels[..., 1:][shift_mask != 0]), logits  # FAIL HERE


torch.manual_seed(0)
model = Model()
optimizer = torch.optim.AdamW(model.parameters())
pixels = torch.randn(2, 3, 56, 56)
ids = torch.tensor([[PAD, PAD, 1, 43, 84, IMAGE, 71, 13, 90], [1, 43, 84, 29, 71, IMAGE, 61, 13, 90]])
mask = (ids != PAD).long()
with torch.no_grad():
    model(pixels, ids, mask)
labels = ids.masked_fill(ids >= PAD, -100)
for step in range(3):
    loss, _ = model(pixels, ids, mask, labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
