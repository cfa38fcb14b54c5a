"""A classifier with a learned first token in front of the words."""
import sys

import torch
from torch import nn

torch.manual_seed(0)


class Classifier(nn.Module):
    def __init__(self, vocabulary=70, width=32):
        super().__init__()
        self.words = nn.Embedding(vocabulary, width, padding_idx=0)
        self.first = nn.Parameter(torch.zeros(1, 1, width))
        layer = nn.TransformerEncoderLayer(width, 4, 64, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, 5)

    def forward(self, ids):
        x = self.words(ids)
        x = torch.cat([self.first.expand(len(x), -1, -1), x], dim=1)  # ORIGIN CAT
        padding = ids == 0  # ORIGIN
        if "--fixed" in sys.argv:
            padding = nn.functional.pad(padding, (1, 0))
        return self.head(self.encoder(x, src_key_padding_mask=padding)[:, 0])  # FAIL HERE


model = Classifier()
ids = torch.randint(1, 70, (6, 21))
ids[2, 15:] = 0
loss = nn.functional.cross_entropy(model(ids), torch.randint(0, 5, (6,)))
loss.backward()
