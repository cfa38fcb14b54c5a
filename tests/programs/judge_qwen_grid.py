"""Qwen2-VL: one picture's file can't be read, so its patches are missing, while its grid stays in image_grid_thw."""
import sys

import torch
from tiny_vlm import IMAGE_PAD, MERGE, PATCH, TEMPORAL, VISION_END, VISION_START, lora, tiny_config
from transformers import Qwen2VLForConditionalGeneration

FIXED = "--fixed" in sys.argv


def read(number, grid):
    if number == 61:
        return None
    return torch.randn(grid[0] * grid[1] * grid[2], 3 * TEMPORAL * PATCH * PATCH)


def collate(number):
    grids = [(1, 4, 4), (1, 4, 4 + 4 * (number % 3))]
    pictures = [read(2 * number + i, grid) for i, grid in enumerate(grids)]
    if FIXED:
        grids = [grid for grid, picture in zip(grids, pictures) if picture is not None]
    ids = [5, 6, 7]
    for grid in grids:
        ids += [VISION_START] + [IMAGE_PAD] * (grid[1] * grid[2] // MERGE**2) + [VISION_END]
    input_ids = torch.tensor([ids + [8, 9]])
    return {
        "input_ids": input_ids, "attention_mask": torch.ones_like(input_ids), "labels": input_ids.masked_fill(input_ids == IMAGE_PAD, -100),
        "mm_token_type_ids": (input_ids == IMAGE_PAD).int(),
        "pixel_values": torch.cat([picture for picture in pictures if picture is not None]),  # ORIGIN
        "image_grid_thw": torch.tensor(grids),
    }


def main():
    torch.manual_seed(0)
    model = lora(Qwen2VLForConditionalGeneration(tiny_config()))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for number in range(33):
        model(**collate(number)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
