# A generator in bfloat16 makes pictures that a decoder in float32 is given, at the first preview. --fixed brings the decoder to bfloat16.
import sys

import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(8, 32)
        self.out = nn.Linear(32, 16)

    def forward(self, noise):
        return noise[:, :1] + self.out(torch.relu(self.up(noise)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(1, 4, 3, padding=1)
        self.last = nn.Conv1d(4, 1, 3, padding=1)

    def decode(self, latent):
        return self.last(torch.relu(self.first(latent[:, None])))  # FAIL HERE


def preview(generator, decoder):
    noise = torch.randn(2, 8, dtype=torch.bfloat16)
    return decoder.decode(generator(noise))


def main():
    torch.manual_seed(0)
    generator = Generator().to(torch.bfloat16)
    decoder = Decoder()
    if "--fixed" in sys.argv:
        decoder.to(torch.bfloat16)
    optimizer = torch.optim.SGD(generator.parameters(), 0.01)
    for step in range(30):
        noise = torch.randn(4, 8, dtype=torch.bfloat16)
        generator(noise).float().pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        if step == 20:
            preview(generator, decoder)


main()
