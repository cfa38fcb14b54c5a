"""Reconstruction with a ViT whose positions are interpolated: a wide picture comes late, and its patches are no square."""
import sys

import torch
from torch import nn
from transformers import ViTConfig, ViTForMaskedImageModeling

FIXED = "--fixed" in sys.argv
PATCH = 4


def scaled(pictures, step):
    high = wide = (24, 32)[step % 2]
    if step == 118 and not FIXED:
        wide = 40
    return nn.functional.interpolate(pictures, size=(high, wide), mode="bilinear")  # ORIGIN


def main():
    torch.manual_seed(0)
    config = ViTConfig(image_size=24, patch_size=PATCH, num_channels=3, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                       intermediate_size=24, encoder_stride=PATCH)
    model = ViTForMaskedImageModeling(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(124):
        pictures = scaled(torch.rand(2, 3, 48, 80), step)
        output = model(pictures, interpolate_pos_encoding=True)  # FAIL HERE
        loss = (output.reconstruction - pictures).abs().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
