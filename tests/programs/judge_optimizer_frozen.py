"""Adapters and a head are trained and saved; after loading only what is called lora_ is trained: the head's optimizer state has no place."""
import io
import sys

import torch
from torch import nn

import judge_optimizer_frozen_model as own


def optimizer_of(model):
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)


def train(model, optimizer, steps):
    for step in range(steps):
        ids = torch.randint(0, 40, (4, 6 + step))
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), ids.flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


torch.manual_seed(0)
model = own.new_model()
optimizer = optimizer_of(model)
train(model, optimizer, 4)
file = io.BytesIO()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
file.seek(0)
saved = torch.load(file)
model = own.load_model(saved["model"], ("lora_", "head") if "--fixed" in sys.argv else None)
optimizer = optimizer_of(model)
optimizer.load_state_dict(saved["optimizer"])  # FAIL HERE
train(model, optimizer, 4)
print("trained")
