"""A ViT under activation checkpointing that drops a random part of its tokens once a warm-up is over."""
import random
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers import ViTConfig, ViTModel

FIXED = "--fixed" in sys.argv
WARMUP = 60


class TokenDropBlock(nn.Module):
    def __init__(self, dim, low=0.4, high=0.9):
        super().__init__()
        self.low, self.high = low, high
        self.enabled = False
        self.block = nn.TransformerEncoderLayer(dim, 2, 32, dropout=0.0, batch_first=True)

    def keep_count(self, tokens):
        if not (self.enabled and self.training):
            return tokens
        return max(1, int(tokens * random.uniform(self.low, self.high)))  # DRAWN HERE

    def forward(self, hidden, keep=None):
        keep = keep or self.keep_count(hidden.shape[1])
        order = torch.randperm(hidden.shape[1])[:keep]  # ORIGIN
        return self.block(hidden[:, order.sort().values])


class Classifier(nn.Module):
    def __init__(self, num_labels=6):
        super().__init__()
        self.vit = ViTModel(ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=40,
                                      patch_size=8), add_pooling_layer=False)
        self.drop = TokenDropBlock(16)
        self.head = nn.Linear(16, num_labels)

    def forward(self, images):
        hidden = self.vit(images).last_hidden_state
        keep = self.drop.keep_count(hidden.shape[1]) if FIXED else None
        return self.head(checkpoint(self.drop, hidden, keep, use_reentrant=False).mean(1))


def main():
    torch.manual_seed(0)
    random.seed(0)
    model = Classifier()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(WARMUP + 10):
        model.drop.enabled = step >= WARMUP
        images = torch.randn(int(torch.randint(2, 5, (1,))), 3, 40, 40)
        labels = torch.randint(0, 6, (images.shape[0],))
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()  # FAIL HERE
        optimizer.step()
    print("done", flush=True)


main()
