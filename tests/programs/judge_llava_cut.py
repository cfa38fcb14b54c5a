"""LLaVA on samples with several pictures; the text is cut to cutoff_len, in the middle of a picture's places."""
import sys
from dataclasses import dataclass

import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

IMAGE = 60


@dataclass
class DataArguments:
    cutoff_len: int = 40
    template: str = "plain"


def encode(words, pictures, seed, data_args):
    ids = [3 + (seed + i) % 50 for i in range(words)]
    for _ in range(pictures):
        ids += [IMAGE] * 16 + [2]
    return ids[:data_args.cutoff_len]


def collate(samples, data_args):
    rows = [encode(*sample, data_args) for sample in samples]
    longest = max(map(len, rows))
    input_ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    pictures = sum(sample[1] for sample in samples)
    return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long(), "pixel_values": torch.rand(pictures, 3, 16, 16),
            "labels": input_ids.masked_fill((input_ids == 0) | (input_ids == IMAGE), -100)}


def main():
    torch.manual_seed(0)
    data_args = DataArguments(cutoff_len=64 if "--fixed" in sys.argv else 40)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=16,
                                       patch_size=4, projection_dim=16),
        text_config=LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                                pad_token_id=0),
        image_token_id=IMAGE, vision_feature_layer=-1)
    model = LlavaForConditionalGeneration(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(16):
        samples = [(4 + step % 9, 1, step), (5, 2, step)]
        if step == 12:
            samples = [(4, 1, step), (9, 3, step)]
        model(**collate(samples, data_args)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
