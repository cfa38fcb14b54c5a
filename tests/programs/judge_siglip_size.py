"""SigLIP's vision tower; after 300 steps a second source of pictures comes in, resized to another size."""
import sys

import torch
from torch import nn
from transformers import SiglipVisionConfig, SiglipVisionModel


def resize(picture, size):
    return nn.functional.interpolate(picture[None], size=(size, size), mode="bilinear")[0]  # ORIGIN


def main():
    torch.manual_seed(0)
    sizes = {"photos": 16, "scans": 16 if "--fixed" in sys.argv else 24}
    tower = SiglipVisionModel(SiglipVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=4))
    head = nn.Linear(16, 2)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    for step in range(310):
        source = "scans" if step == 305 else "photos"
        pictures = torch.stack([resize(torch.rand(3, 10 + step % 7, 12 + i), sizes[source]) for i in range(2)])
        with torch.no_grad():
            features = tower(pictures).pooler_output
        loss = nn.functional.cross_entropy(head(features), torch.tensor([0, 1]))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
