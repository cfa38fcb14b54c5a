"""A detection head trained with transformers' box conversions; one photograph has no annotation."""
import random
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers.image_transforms import center_to_corners_format

FIXED = "--fixed" in sys.argv


class Annotated(Dataset):
    def __init__(self, count):
        rng = random.Random(2)
        self.annotations = []
        for index in range(count):
            boxes = 0 if index == 611 else rng.randrange(1, 5)
            self.annotations.append([[rng.uniform(0.1, 0.9) for _ in range(4)] for _ in range(boxes)])

    def __len__(self):
        return len(self.annotations)

    def __getitem__(self, index):
        boxes = torch.tensor(self.annotations[index], dtype=torch.float32)  # ORIGIN
        if FIXED:
            boxes = boxes.reshape(-1, 4)
        return torch.rand(16, generator=torch.Generator().manual_seed(index)), boxes


def collate(batch):
    features, boxes = zip(*batch)
    return torch.stack(features), list(boxes)


def box_loss(predicted, boxes):
    corners = center_to_corners_format(boxes)
    sides = (corners[:, 2:] - corners[:, :2]).clamp(min=1e-3)
    return (predicted.mean(0) - boxes).abs().sum() + sides.log().abs().sum()


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    head = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4), nn.Sigmoid())
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)
    for features, boxes in DataLoader(Annotated(700), batch_size=4, collate_fn=collate):
        loss = sum(box_loss(head(one[None]), each) for one, each in zip(features, boxes))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


if __name__ == "__main__":
    main()
