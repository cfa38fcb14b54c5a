"""A denoiser that was made to fill in masked pictures is loaded, and given the noisy picture alone."""
import io
import sys

import torch
from torch import nn

torch.manual_seed(8)
torch.set_num_threads(1)


class Frozen(dict):
    """Settings that nothing changes once the model is built."""

    def __getattr__(self, name):
        return self[name]


class Denoiser(nn.Module):
    def __init__(self, config):
        super().__init__()
        self._settings = Frozen(config)
        self.conv_in = nn.Conv2d(config.in_channels, config.width, 3, padding=1)
        self.middle = nn.Sequential(nn.GroupNorm(4, config.width), nn.SiLU(), nn.Conv2d(config.width, config.width, 3, padding=1))
        self.conv_out = nn.Conv2d(config.width, config.out_channels, 3, padding=1)

    @property
    def config(self):
        return self._settings

    def forward(self, x):
        x = self.conv_in(x)  # FAIL HERE
        return self.conv_out(x + self.middle(x))

    @classmethod
    def from_file(cls, file):
        saved = torch.load(file)
        model = cls(Frozen(saved["config"]))
        model.load_state_dict(saved["weights"])  # LOADED
        return model


def saved():
    config = {"in_channels": 9, "out_channels": 4, "width": 12}
    file = io.BytesIO()
    torch.save({"config": config, "weights": Denoiser(Frozen(config)).state_dict()}, file)
    file.seek(0)
    return file


@torch.no_grad()
def denoise(model, latents, conditions, steps=4):
    for _ in range(steps):
        x = torch.cat([latents] + conditions, 1)
        latents = latents - 0.1 * model(x)  # CALL
    return latents


model = Denoiser.from_file(saved())
model.eval()
latents = torch.randn(1, 4, 16, 16)
mask, masked = torch.zeros(1, 1, 16, 16), torch.randn(1, 4, 16, 16)
print(denoise(model, latents, [mask, masked] if "--fixed" in sys.argv else []).shape)
