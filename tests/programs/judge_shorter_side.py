"""A ViT on photographs that a data set scales as they come, read by two worker processes; the last of them were never cut square."""
import sys

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset
from transformers import ViTConfig, ViTForImageClassification

FIXED = "--fixed" in sys.argv
IMAGE_SIZE = 32


def resize(image, size):
    """Scales the shorter side to SIZE."""
    height, width = image.shape[-2:]
    scale = size / min(height, width)
    height, width = round(height * scale), round(width * scale)
    return F.interpolate(image[None], (height, width), mode="bilinear", antialias=True)[0]  # ORIGIN


def center_crop(image, size):
    top, left = (image.shape[-2] - size) // 2, (image.shape[-1] - size) // 2
    return image[:, top : top + size, left : left + size]


class Photos(Dataset):
    def __init__(self, count):
        self.sides = [(36 + index % 5 * 4,) * 2 if index < 600 else (48, 44 - index % 3 * 4) for index in range(count)]

    def __len__(self):
        return len(self.sides)

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        image = torch.randint(0, 256, (3, *self.sides[index]), dtype=torch.uint8, generator=generator)
        image = resize(image.float() / 255, IMAGE_SIZE)
        if FIXED:
            image = center_crop(image, IMAGE_SIZE)
        return {"pixel_values": (image - 0.5) / 0.5, "labels": index % 4}


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = ViTForImageClassification(
        ViTConfig(image_size=IMAGE_SIZE, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=4)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for batch in DataLoader(Photos(640), batch_size=4, num_workers=2):
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


if __name__ == "__main__":
    main()
