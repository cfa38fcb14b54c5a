"""A ViT and pictures whose shorter side is brought to its size: one picture isn't square, and nothing crops it."""
import sys

import torch
from torch import nn
from transformers import ViTConfig, ViTForImageClassification

torch.set_num_threads(1)
torch.manual_seed(0)


def photo(number):
    return torch.rand(3, 40, 56 if number == 150 else 40)


def transform(pixels, size, crop):
    height, width = pixels.shape[1:]
    scale = size / min(height, width)
    pixels = nn.functional.interpolate(pixels[None], scale_factor=scale, mode="bilinear")[0]
    if crop:
        left = (pixels.shape[2] - size) // 2
        pixels = pixels[:, :size, left:left + size]
    return pixels


def main():
    config = ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=24, patch_size=8, num_labels=3)
    model = ViTForImageClassification(config)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for number in range(160):
        pixels = transform(photo(number), 24, "--fixed" in sys.argv)
        model(pixel_values=pixels[None], labels=torch.tensor([number % 3])).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
