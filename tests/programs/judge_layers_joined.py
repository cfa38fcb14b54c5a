"""CLIP's features of several layers, put together for a projector; one layer is selected where it was built for four."""
import sys

import torch
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel

SELECTED = [-2, -3, -4, -5] if "--fixed" in sys.argv else [-2]


class Tower(nn.Module):
    def __init__(self, config, select_layers):
        super().__init__()
        self.vision = CLIPVisionModel(config).requires_grad_(False)
        self.select_layers = select_layers

    @torch.no_grad()
    def forward(self, pixel_values):
        states = self.vision(pixel_values, output_hidden_states=True).hidden_states
        features = [states[i][:, 1:] for i in self.select_layers]
        return torch.cat(features, dim=-1)  # JOINED


class Projector(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.keys = nn.Linear(width * 4, out)

    def forward(self, features):
        return self.keys(features)  # FAIL HERE


def main():
    torch.manual_seed(0)
    config = CLIPVisionConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=6, num_attention_heads=4, image_size=56, patch_size=14)
    tower, projector = Tower(config, SELECTED), Projector(32, 48)
    optimizer = torch.optim.AdamW(projector.parameters(), lr=1e-3)
    for _ in range(3):
        projector(tower(torch.randn(2, 3, 56, 56))).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
