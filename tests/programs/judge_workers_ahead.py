"""Cached prompts of several lengths, read by two worker processes that fetch ahead: each fails at more than one batch before the first failure is raised."""
import sys
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

FIXED = "--fixed" in sys.argv
LENGTHS = [17] * 8 + [19, 23, 16, 14, 10, 17, 16, 18]


class Captions(Dataset):
    def __len__(self):
        return len(LENGTHS)

    def __getitem__(self, index):
        length = LENGTHS[index]
        return {"embeds": torch.randn(1, length, 24), "mask": torch.ones(1, length, dtype=torch.long)}


def pad(tensors):
    longest = max(tensor.shape[1] for tensor in tensors)
    return [torch.cat([tensor, tensor.new_zeros(1, longest - tensor.shape[1], *tensor.shape[2:])], dim=1) for tensor in tensors]


def collate(examples):
    embeds, masks = [example["embeds"] for example in examples], [example["mask"] for example in examples]
    if FIXED:
        embeds, masks = pad(embeds), pad(masks)
    return {"embeds": torch.cat(embeds, dim=0), "mask": torch.cat(masks, dim=0)}  # FAIL HERE


def main():
    model = nn.Linear(24, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    for step, batch in enumerate(DataLoader(Captions(), batch_size=2, num_workers=2, collate_fn=collate)):
        loss = (model(batch["embeds"]).sum(-1) * batch["mask"]).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step == 3:
            time.sleep(1)  # by now both have come to their last batches
    print("done", flush=True)


if __name__ == "__main__":
    main()
