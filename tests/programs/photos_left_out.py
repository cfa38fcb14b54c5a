"""A tiny CLIP on products: photos that don't decode are left out, their titles aren't. --fixed: both are."""
import random
import sys

import torch
from torch.utils.data import DataLoader, Dataset
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig


class Products(Dataset):
    def __init__(self, n, broken):
        self.broken = broken
        rng = random.Random(0)
        self.titles = [[1] + [rng.randint(3, 80) for _ in range(rng.randint(4, 14))] + [2] for _ in range(n)]

    def __len__(self):
        return len(self.titles)

    def __getitem__(self, i):
        photo = None if i in self.broken else torch.rand(3, 32, 32)
        return {"photo": photo, "title": self.titles[i]}


def collate(rows):
    if "--fixed" in sys.argv:
        rows = [r for r in rows if r["photo"] is not None]
    photos = torch.stack([r["photo"] for r in rows if r["photo"] is not None])
    longest = max(len(r["title"]) for r in rows)
    ids = torch.tensor([r["title"] + [0] * (longest - len(r["title"])) for r in rows])
    return {"pixel_values": photos, "input_ids": ids, "attention_mask": (ids != 0).long()}


text = CLIPTextConfig(vocab_size=90, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=20, eos_token_id=2)
vision = CLIPVisionConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16)
torch.manual_seed(0)
model = CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8))
optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
for batch in DataLoader(Products(1600, broken={1302}), batch_size=4, collate_fn=collate, num_workers=2):
    loss = model(**batch, return_loss=True).loss  # CALLED HERE
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("trained")
