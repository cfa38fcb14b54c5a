"""Two ranks with their own samples, lengths and numbers of images in every step; rank 1's sample of the last is cut."""
import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from tiny_vlm import MaskedAssignQwen2VL, collate, lora, tiny_config

CUTOFF_LEN = 60
STEPS = 5


def samples(rank, step):
    if rank == 1 and step == STEPS - 1:  # 16 + 16 + 16 + 8 features and their marks don't fit
        return [{"seed": 9, "words": 6, "images": [(1, 8, 8), (1, 8, 8), (1, 8, 8), (1, 4, 8)]}]
    images = [(1, 4, 4), (1, 4, 8), (1, 4, 4)][: 1 + (step + rank) % 3]
    return [{"seed": step, "words": 3 + (step * 2 + rank) % 4, "images": images}]


def main():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(0)
    model = DistributedDataParallel(lora(MaskedAssignQwen2VL(tiny_config())))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for step in range(STEPS):
        loss, _ = model(**collate(samples(rank, step), CUTOFF_LEN))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    dist.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    main()
