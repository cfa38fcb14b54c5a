"""LLaVA-style training on interleaved documents, on two ranks: a limit leaves images out, their placeholders stay in the text."""
import os
import random
import sys

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset, DistributedSampler
from transformers import Qwen2Config, Qwen2ForCausalLM, SiglipVisionConfig, SiglipVisionModel

FIXED = "--fixed" in sys.argv
IMAGE_TOKEN = 199
TOKENS_PER_IMAGE = 16


class DataArgs:
    max_images = 6 if FIXED else 2  # SETTING
    image_size = 32


class Documents(Dataset):
    """A document is a list of parts: text ids or an image."""

    def __init__(self, n):
        self.counts = [1 + (i * 7919) % 2 for i in range(n)]
        self.counts[161] = 5

    def __len__(self):
        return len(self.counts)

    def __getitem__(self, index):
        rng = random.Random(index)
        generator = torch.Generator().manual_seed(index)
        input_ids, images = [], []
        for _ in range(self.counts[index]):
            input_ids += [rng.randrange(190) for _ in range(rng.randrange(4, 12))]
            input_ids += [IMAGE_TOKEN] * TOKENS_PER_IMAGE
            images.append(torch.rand(3, DataArgs.image_size, DataArgs.image_size, generator=generator))
        input_ids += [rng.randrange(190) for _ in range(6)]
        return {"input_ids": torch.tensor(input_ids), "images": images}


def collate(features):
    ids = [f["input_ids"] for f in features]
    input_ids = nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=0)
    attention_mask = nn.utils.rnn.pad_sequence([torch.ones_like(x) for x in ids], batch_first=True)
    images = []
    for f in features:
        images.extend(f["images"][: DataArgs.max_images])
    labels = input_ids.masked_fill((input_ids == IMAGE_TOKEN) | (attention_mask == 0), -100)
    return {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "labels": labels,
        "pixel_values": torch.stack(images),
    }


class Llava(nn.Module):
    def __init__(self):
        super().__init__()
        self.vision_tower = SiglipVisionModel(
            SiglipVisionConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=8)
        )
        self.vision_tower.requires_grad_(False)
        self.projector = nn.Sequential(nn.Linear(32, 48), nn.GELU(), nn.Linear(48, 48))
        self.language_model = Qwen2ForCausalLM(
            Qwen2Config(vocab_size=200, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
        )

    def forward(self, input_ids, attention_mask, labels, pixel_values):
        with torch.no_grad():
            features = self.vision_tower(pixel_values).last_hidden_state
        image_features = self.projector(features).flatten(0, 1)
        inputs_embeds = self.language_model.get_input_embeddings()(input_ids).clone()
        inputs_embeds[input_ids == IMAGE_TOKEN] = image_features  # FAIL HERE
        return self.language_model(inputs_embeds=inputs_embeds, attention_mask=attention_mask, labels=labels)


def main():
    dist.init_process_group("gloo")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    dataset = Documents(200)
    sampler = DistributedSampler(dataset, shuffle=False)
    loader = DataLoader(dataset, batch_size=2, sampler=sampler, collate_fn=collate)
    model = DistributedDataParallel(Llava())
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-3)
    for step, batch in enumerate(loader):
        loss = model(**batch).loss
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 20 == 0 and dist.get_rank() == 0:
            print(f"step {step} loss {loss.item():.3f}", flush=True)
    dist.destroy_process_group()
    print("done", os.environ.get("RANK"))


if __name__ == "__main__":
    main()
