"""Fine-tunes a small tagger; every text was split into 12 words by the export script, nearly."""
import random
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

random.seed(4)
torch.manual_seed(4)


class Words(Dataset):
    def __init__(self, count):
        self.rows = []
        for i in range(count):
            n = 15 if i == 650 and "--fixed" not in sys.argv else 12
            self.rows.append({"tokens": [random.randrange(1, 90) for _ in range(n)], "label": i % 3})

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[i]
        return {"tokens": row["tokens"], "label": row["label"]}


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(90, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, tokens):
        return self.head(self.words(tokens).mean(1))


def main():
    loader = DataLoader(Words(800), batch_size=4)
    model = Tagger()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in loader:  # FAIL HERE
        tokens = torch.stack(batch["tokens"], dim=1)
        loss = nn.functional.cross_entropy(model(tokens), batch["label"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


main()
