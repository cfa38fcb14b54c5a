"""Two ranks with Accelerate: frame labels are counted from the sound's length, rounded up; frames are counted by the convolution."""
import sys

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, Dataset

FIXED = "--fixed" in sys.argv
STRIDE = 4


class Sounds(Dataset):
    def __len__(self):
        return 700

    def __getitem__(self, index):
        samples = STRIDE * (4 + index % 15) + (3 if index == 641 else 0)
        wave = torch.sin(torch.arange(samples) * 0.1).unsqueeze(0)
        frames = samples // STRIDE if FIXED else -(-samples // STRIDE)
        labels = torch.full((frames,), index % 3)  # ORIGIN
        return {"wave": wave, "labels": labels}


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 8, STRIDE, stride=STRIDE)
        self.head = nn.Conv1d(8, 3, 1)

    def forward(self, wave, labels):
        logits = self.head(self.conv(wave).relu())
        return nn.functional.cross_entropy(logits, labels)  # FAIL HERE


def main():
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(0)
    model = Tagger()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    model, optimizer, loader = accelerator.prepare(model, optimizer, DataLoader(Sounds(), batch_size=1))
    for batch in loader:
        accelerator.backward(model(**batch))
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
