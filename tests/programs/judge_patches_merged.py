"""A vision-language projector that merges four neighbouring patches of SigLIP's; the pictures grow from epoch to epoch."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers import SiglipVisionConfig, SiglipVisionModel

FIXED = "--fixed" in sys.argv

# (epoch, image size)
SCHEDULE = {0: 64, 1: 96, 2: 128 if FIXED else 112}
PATCH = 16


class Captions(Dataset):
    def __init__(self, n):
        self.n = n
        self.set_size(SCHEDULE[0])

    def set_size(self, size):
        self.size = size

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        image = torch.randint(0, 256, (3, 150, 130), dtype=torch.uint8, generator=generator)
        image = nn.functional.interpolate(image[None].float() / 255, (self.size, self.size), mode="bilinear", antialias=True)[0]  # ORIGIN
        return image, index % 10


class Projector(nn.Module):
    def __init__(self, vision_dim, text_dim, merge=4):
        super().__init__()
        self.merge = merge
        self.linear1 = nn.Linear(vision_dim * merge, text_dim)
        self.act = nn.SiLU()
        self.linear2 = nn.Linear(text_dim, text_dim)

    def forward(self, image_embeds):
        b, n, d = image_embeds.shape
        image_embeds = image_embeds.view(b, n // self.merge, d * self.merge)  # FAIL HERE
        return self.linear2(self.act(self.linear1(image_embeds)))


class VLM(nn.Module):
    def __init__(self):
        super().__init__()
        config = SiglipVisionConfig(
            hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, image_size=64, patch_size=PATCH
        )
        self.vision = SiglipVisionModel(config).eval().requires_grad_(False)
        self.projector = Projector(config.hidden_size, 40)
        self.head = nn.Linear(40, 10)

    def forward(self, pixel_values):
        with torch.no_grad():
            features = self.vision(pixel_values, interpolate_pos_encoding=True).last_hidden_state
        return self.head(self.projector(features).mean(1))


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    dataset = Captions(240)
    model = VLM()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for epoch in range(3):
        dataset.set_size(SCHEDULE[epoch])
        loader = DataLoader(dataset, batch_size=4, shuffle=True, drop_last=True)
        for step, (images, labels) in enumerate(loader):
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        print(f"epoch {epoch} loss {loss.item():.3f}", flush=True)
    print("done")


if __name__ == "__main__":
    main()
