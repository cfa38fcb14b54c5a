"""Qwen2-VL: batches are put together whole, and cut to the last tokens when all is tensors: sometimes within an image."""
import random
import sys

import torch
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

torch.set_num_threads(1)
torch.manual_seed(3)
IMAGE, START, END = 10, 11, 12


def build():
    return Qwen2VLForConditionalGeneration(Qwen2VLConfig(
        text_config=dict(vocab_size=100, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
                         rope_parameters={"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}),
        vision_config=dict(depth=1, embed_dim=16, hidden_size=16, num_heads=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2, mlp_ratio=2),
        image_token_id=IMAGE, vision_start_token_id=START, vision_end_token_id=END))


def sample(number):
    draw = random.Random(number)
    grids = [(1, 2 * draw.randrange(1, 4), 2 * draw.randrange(1, 4)) for _ in range(draw.randrange(1, 3))]
    ids = []
    for t, h, w in grids:
        ids += [START] + [IMAGE] * (t * h * w // 4) + [END]
    return ids + [draw.randrange(20, 100) for _ in range(draw.randrange(3, 12))], grids


def collate(samples):
    longest = max(len(ids) for ids, _ in samples)
    ids = torch.tensor([[0] * (longest - len(ids)) + ids for ids, _ in samples])
    grids = [grid for _, of in samples for grid in of]
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": ids.clone(), "mm_token_type_ids": (ids == IMAGE).int(),
            "image_grid_thw": torch.tensor(grids), "pixel_values": torch.cat([torch.rand(t * h * w, 96) for t, h, w in grids])}


def shorten(batch, tokens):
    for name in ("input_ids", "attention_mask", "labels", "mm_token_type_ids"):
        batch[name] = batch[name][:, -tokens:]
    return batch


def main():
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(100):
        batch = shorten(collate([sample(2 * step), sample(2 * step + 1)]), 64 if "--fixed" in sys.argv else 24)
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
