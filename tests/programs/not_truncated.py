"""Clips are cut to the chunk's length, then slowed; the extractor pads to that length and is told not to cut, and the model has places for no more.
With --fixed it cuts."""
import random
import sys

import numpy as np
import torch
from torch import nn
from transformers import WhisperFeatureExtractor

FIXED = "--fixed" in sys.argv
RATE, SECONDS = 16000, 1


class Encoder(nn.Module):
    def __init__(self, places):
        super().__init__()
        self.wide = nn.Conv1d(16, 8, 3, stride=2, padding=1)
        self.places = nn.Parameter(torch.zeros(places, 8))
        self.head = nn.Linear(8, 2)

    def forward(self, mels):
        frames = self.wide(mels).transpose(1, 2)
        frames = frames + self.places  # FAIL HERE
        return self.head(frames.mean(dim=1))


class Collator:
    def __init__(self, extractor):
        self.extractor, self.slower = extractor, 1.0

    def __call__(self, clips):
        clips = [clip[: RATE * SECONDS] for clip in clips]
        clips = [np.interp(np.linspace(0, len(clip) - 1, int(len(clip) * self.slower)), np.arange(len(clip)), clip) for clip in clips]
        if FIXED:
            return self.extractor(clips, sampling_rate=RATE, return_tensors="pt", padding="max_length", max_length=RATE * SECONDS).input_features
        batch = self.extractor(
            clips, sampling_rate=RATE, return_tensors="pt", padding="max_length",
            max_length=RATE * SECONDS, truncation=False,
        )
        return batch.input_features


def main():
    random.seed(0)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    extractor = WhisperFeatureExtractor(feature_size=16, sampling_rate=RATE, hop_length=160, chunk_length=SECONDS)
    collate, model = Collator(extractor), Encoder(places=50)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(20):
        collate.slower = 1.0 if step < 16 else 1.1
        clips = [rng.standard_normal(random.randrange(17000, 20000) if step >= 16 else random.randrange(9000, 20000)) for _ in range(3)]
        loss = model(collate(clips)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("done")


if __name__ == "__main__":
    main()
