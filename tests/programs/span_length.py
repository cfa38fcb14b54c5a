"""Spans of frames are hidden while training; a batch of short clips has fewer frames than a span, which a helper checks by names of its own.
With --fixed clips are padded to what gives as many."""
import random
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv


class Settings:
    def __init__(self):
        self.width = 16
        self.span_frames = 10
        self.span_channels = 10
        self.spans = 1


def hidden_spans(shape, size, count=1):
    rows, length = shape
    if size > length:
        raise ValueError(f"a span of {size} does not fit into {length}")  # FAIL HERE
    hidden = torch.zeros(rows, length, dtype=torch.bool)
    for row in range(rows):
        for _ in range(count):
            start = random.randrange(length - size + 1)
            hidden[row, start:start + size] = True
    return hidden


class Encoder(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.wide, self.narrow = nn.Conv1d(1, 8, 10, stride=5), nn.Conv1d(8, settings.width, 3, stride=2)
        self.filler = nn.Parameter(torch.zeros(settings.width))

    def hide(self, frames):
        rows, length, width = frames.size()
        hidden = hidden_spans(
            (rows, length), count=self.settings.spans,
            size=self.settings.span_frames,
        )
        return torch.where(hidden[:, :, None], self.filler, frames)

    def forward(self, waves):
        frames = self.narrow(self.wide(waves[:, None]).relu()).transpose(1, 2)
        return self.hide(frames) if self.training else frames


def collate(clips):
    least = 110 if FIXED else 0
    return nn.utils.rnn.pad_sequence([nn.functional.pad(torch.tensor(clip), (0, max(0, least - len(clip)))) for clip in clips], batch_first=True)


def main():
    random.seed(0)
    torch.manual_seed(0)
    model, head = Encoder(Settings()), nn.Linear(16, 1)
    optimizer = torch.optim.SGD([*model.parameters(), *head.parameters()], lr=0.01)
    lengths = [[random.randrange(300, 900) for _ in range(3)] for _ in range(20)] + [[93, 88, 96]]
    for batch in lengths:
        waves = collate([[random.random() for _ in range(length)] for length in batch])
        loss = head(model(waves)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("done")


if __name__ == "__main__":
    main()
