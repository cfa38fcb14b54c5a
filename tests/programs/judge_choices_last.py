"""Multiple choice: four answers a question, flattened for BERT and put back."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from transformers import BertConfig, BertModel

torch.manual_seed(0)
BATCH = 8
CHOICES = 4


class Choice(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = BertModel(BertConfig(vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24))
        self.score = nn.Linear(16, 1)

    def forward(self, ids):
        flat = ids.view(-1, ids.size(-1))
        pooled = self.bert(flat).pooler_output
        rows = ids.size(0) if "--fixed" in sys.argv else BATCH
        return self.score(pooled).view(rows, CHOICES)  # FAIL HERE


data = TensorDataset(torch.randint(1, 60, (301, CHOICES, 7)), torch.randint(0, CHOICES, (301,)))
model = Choice()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for ids, answer in DataLoader(data, batch_size=BATCH):
    loss = nn.functional.cross_entropy(model(ids), answer)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
