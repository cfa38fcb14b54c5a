"""A library's classifier takes the first position in its head; the program replaces the whole head by a Linear, which takes them all."""
import sys

import torch
from transformers import RobertaConfig, RobertaForSequenceClassification

torch.manual_seed(0)
LENGTH, LABELS = 24, 7
model = RobertaForSequenceClassification(RobertaConfig(vocab_size=90, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48, max_position_embeddings=64, num_labels=3))
head = torch.nn.Linear(32, LABELS)  # ORIGIN
if "--fixed" in sys.argv:
    model.classifier.out_proj = head
else:
    model.classifier = head
model.num_labels = model.config.num_labels = LABELS
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    ids, labels = torch.randint(4, 90, (6, LENGTH)), torch.randint(0, LABELS, (6,))
    out = model(input_ids=ids, labels=labels)  # FAIL HERE
    out.loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done")
