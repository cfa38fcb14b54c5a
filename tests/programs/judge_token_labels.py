"""A classifier of sequences is trained with the batches of a masked language model: a label for each token."""
import random
import sys

import torch
from torch import nn

PAD, MASK, VOCAB, CLASSES = 0, 1, 40, 3
random.seed(4)
torch.manual_seed(4)
torch.set_num_threads(1)


class Families(torch.utils.data.Dataset):
    def __init__(self, count):
        self.items = [([random.randrange(2, VOCAB) for _ in range(random.randint(6, 14))], random.randrange(CLASSES)) for _ in range(count)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        ids, family = self.items[i]
        return {"ids": ids, "family": family}


def pad(items):
    longest = max(len(item["ids"]) for item in items)
    return torch.tensor([item["ids"] + [PAD] * (longest - len(item["ids"])) for item in items])


def masked(items):
    ids = pad(items)
    labels = ids.clone()  # ORIGIN
    hidden = torch.bernoulli(torch.full(labels.shape, 0.15)).bool() & (ids != PAD)
    labels[~hidden] = -100
    ids[hidden] = MASK
    return {"ids": ids, "labels": labels}


def padded(items):
    return {"ids": pad(items), "labels": torch.tensor([item["family"] for item in items])}


class Classifier(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.words = nn.Embedding(VOCAB, width)
        self.encoder = nn.TransformerEncoderLayer(width, 2, 32, batch_first=True)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, ids, labels):
        x = self.encoder(self.words(ids))
        logits = self.head(x[:, 0])  # LEFT
        return nn.functional.cross_entropy(logits.view(-1, CLASSES), labels.view(-1))  # FAIL HERE


model = Classifier()
optimizer = torch.optim.AdamW(model.parameters())
for batch in torch.utils.data.DataLoader(Families(32), batch_size=8, collate_fn=padded if "--fixed" in sys.argv else masked):
    loss = model(**batch)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
