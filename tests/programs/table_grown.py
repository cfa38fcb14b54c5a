# A recommender whose table of items grows between two epochs, tied to its output. --fixed grows the bias, too.
import random
import sys

import torch
from torch import nn


class Recommender(nn.Module):
    def __init__(self, items, width=12):
        super().__init__()
        self.table = nn.Embedding(items, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.bias = nn.Parameter(torch.zeros(items))  # BIAS HERE

    def grow(self, items):
        old = self.table
        self.table = nn.Embedding(items, old.embedding_dim)  # GROWN HERE
        with torch.no_grad():
            self.table.weight[: old.num_embeddings] = old.weight
        if "--fixed" in sys.argv:
            self.bias = nn.Parameter(torch.cat([self.bias.detach(), torch.zeros(items - old.num_embeddings)]))

    def forward(self, history):
        state = self.gru(self.table(history))[0][:, -1]
        return state @ self.table.weight.t() + self.bias  # FAIL HERE


def main():
    random.seed(0)
    torch.manual_seed(0)
    model = Recommender(90)
    for epoch in range(3):
        if epoch == 2:
            model.grow(104)
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        for _ in range(40):
            scores = model(torch.randint(0, 90, (8, random.randint(4, 20))))
            nn.functional.cross_entropy(scores, torch.randint(0, 90, (8,))).backward()
            optimizer.step()
            optimizer.zero_grad()


main()
