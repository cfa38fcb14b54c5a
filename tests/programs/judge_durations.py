"""A length regulator as in FastSpeech: each phoneme's state is repeated for its frames; the 50th sentence has a phoneme of none."""
import sys

import torch
from torch import nn
from torch.nn import functional as F


class Regulator(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.pace = nn.Linear(dim, 1)

    def forward(self, states, durations):
        frames = durations.clamp(min=1)  # BOUND
        pace = self.pace(states).squeeze(-1) / frames
        return torch.repeat_interleave(states, durations if "--fixed" in sys.argv else frames, dim=0), pace


class Acoustic(nn.Module):
    def __init__(self):
        super().__init__()
        self.phonemes = nn.Embedding(40, 16)
        self.regulator = Regulator(16)
        self.to_mel = nn.Linear(16, 10)

    def forward(self, ids, durations, mel):
        states, pace = self.regulator(self.phonemes(ids), durations)
        return (self.to_mel(states) - mel).abs().mean() + 0.01 * F.softplus(pace).mean()  # FAIL HERE


def sentence(i):
    length = 5 + i % 6
    durations = torch.tensor([1 + (i * 3 + k * 5) % 7 for k in range(length)])
    if i == 50:
        durations[2] = 0
    return torch.arange(length) + i % 30, durations, torch.rand(int(durations.sum()), 10)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Acoustic()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for i in range(60):
        loss = model(*sentence(i))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
