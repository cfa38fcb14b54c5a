"""Domain-adversarial fine-tuning: the discriminator joins after a warm-up, and steps between its forward and the backward that needs it."""
import sys

import torch
import torch.nn.functional as F
from torch import nn
from transformers import ViTConfig, ViTModel

FIXED = "--fixed" in sys.argv
WARMUP = 60


class Discriminator(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, 12), nn.LeakyReLU(0.2), nn.Linear(12, 1))

    def forward(self, features):
        return self.layers(features).squeeze(-1)  # FAIL HERE


class Adapter:
    def __init__(self):
        self.backbone = ViTModel(ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=16,
                                           patch_size=8), add_pooling_layer=False)
        self.head = nn.Linear(16, 5)
        self.disc = Discriminator(16)
        self.opt = torch.optim.AdamW([*self.backbone.parameters(), *self.head.parameters()], lr=1e-3)
        self.opt_disc = torch.optim.AdamW(self.disc.parameters(), lr=1e-3)

    def features(self, images):
        return self.backbone(images).last_hidden_state[:, 0]

    def disc_step(self, source, target):
        real, fake = self.disc(source.detach()), self.disc(target.detach())
        loss = (F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
                + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake)))
        self.opt_disc.zero_grad()
        loss.backward()
        self.opt_disc.step()  # ORIGIN

    def train_step(self, step, images, labels, target_images):
        source = self.features(images)
        loss = F.cross_entropy(self.head(source), labels)
        if step >= WARMUP:
            target = self.features(target_images)
            if FIXED:
                self.disc_step(source, target)
            confusion = self.disc(target)
            if not FIXED:
                self.disc_step(source, target)
            loss = loss + 0.1 * F.binary_cross_entropy_with_logits(confusion, torch.ones_like(confusion))
        self.opt.zero_grad()
        loss.backward()  # BACKWARD
        self.opt.step()


def main():
    torch.manual_seed(0)
    adapter = Adapter()
    for step in range(WARMUP + 5):
        batch = int(torch.randint(2, 6, (1,)))
        adapter.train_step(step, torch.randn(batch, 3, 16, 16), torch.randint(0, 5, (batch,)), torch.randn(batch, 3, 16, 16))
    print("done", flush=True)


main()
