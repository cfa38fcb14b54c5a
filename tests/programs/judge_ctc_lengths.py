"""Line recognition with CTC: the widths of the pictures become lengths of the output."""
import math
import random
import sys
import torch
from torch import nn

random.seed(3)
torch.manual_seed(3)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d((8, 2)))
        self.head = nn.Linear(8, 12)

    def forward(self, pictures):
        x = self.conv(pictures).squeeze(2).permute(2, 0, 1)
        return self.head(x).log_softmax(-1)


def batch(step):
    widths = [4 * random.randint(10, 20) for _ in range(3)]
    if step == 340:
        widths[1] = 4 * 24 + 2
    pictures = torch.zeros(3, 1, 16, max(widths))
    for i, w in enumerate(widths):
        pictures[i, :, :, :w] = torch.rand(1, 16, w)
    targets = torch.randint(1, 12, (3, 4))
    lengths = torch.tensor([w // 4 if "--fixed" in sys.argv else math.ceil(w / 4) for w in widths])  # ORIGIN
    return pictures, targets, lengths


def main():
    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.CTCLoss(blank=0, zero_infinity=True)
    for step in range(400):
        pictures, targets, lengths = batch(step)
        scores = model(pictures)
        loss = criterion(scores, targets, lengths, torch.full((3,), 4))  # FAIL HERE
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


main()
