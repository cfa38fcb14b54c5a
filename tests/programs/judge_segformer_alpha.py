"""Segmentation with SegFormer: one file has an alpha channel."""
import sys

import numpy
import torch
from transformers import SegformerConfig, SegformerForSemanticSegmentation

FIXED = "--fixed" in sys.argv


def load(number):
    side = 32 * (1 + number % 2)
    channels = 4 if number == 150 else 3
    picture = numpy.random.default_rng(number).random((side, side, channels), dtype=numpy.float32)
    if FIXED:
        picture = picture[:, :, :3]
    return torch.from_numpy(numpy.ascontiguousarray(picture)).permute(2, 0, 1)  # ORIGIN


def main():
    torch.manual_seed(0)
    config = SegformerConfig(num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 16], patch_sizes=[7, 3],
                             strides=[4, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2], decoder_hidden_size=16, num_labels=3)
    model = SegformerForSemanticSegmentation(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for number in range(153):
        pixel_values = load(number).unsqueeze(0)
        labels = (pixel_values[:, 0] > 0.5).long()
        model(pixel_values=pixel_values, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
