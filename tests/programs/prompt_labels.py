"""A causal language model is given the answer's tokens alone as labels, padded to a length of their own."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

VOCABULARY = 80


def padded(ids, length, by=0):
    return (ids + [by] * length)[:length]


class Summaries(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        prompt, answer = [5 + i] * (20 + i), [30 + i] * (4 + i)
        if "--fixed" in sys.argv:
            joined = padded(prompt + answer, 48)
            return torch.tensor(joined), torch.tensor(padded([-100] * len(prompt) + answer, 48, -100))
        ids = torch.tensor(padded(prompt, 48))
        return ids, torch.tensor(padded(answer, 16))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(VOCABULARY, 16)
        self.rnn = nn.GRU(16, 16, batch_first=True)

    def forward(self, ids, labels):
        logits = nn.functional.linear(self.rnn(self.table(ids))[0], self.table.weight)
        shifted = nn.functional.pad(labels, (0, 1), value=-100)[..., 1:].contiguous()
        return nn.functional.cross_entropy(logits.view(-1, VOCABULARY), shifted.view(-1))  # FAIL HERE


torch.manual_seed(0)
model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for ids, labels in DataLoader(Summaries(), batch_size=4):
    loss = model(ids, labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done")
