"""Two ranks of the same training, each with its own samples: both end in their third step, with different numbers."""
import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from tiny_vlm import MaskedAssignQwen2VL, collate, lora, tiny_config

CUTOFF_LEN = 40

SHORT = [{"seed": 1, "words": 5, "images": [(1, 4, 4)]}, {"seed": 2, "words": 6, "images": [(1, 4, 8)]}]
LONG = {
    0: [{"seed": 5, "words": 6, "images": [(1, 4, 4)]},
        {"seed": 6, "words": 5, "images": [(1, 8, 8), (1, 8, 8), (1, 4, 8)]}],
    1: [{"seed": 7, "words": 6, "images": [(1, 8, 8), (1, 8, 8)]}],
}


def main():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(0)
    model = DistributedDataParallel(lora(MaskedAssignQwen2VL(tiny_config())))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for step in range(3):
        batch = collate(LONG[rank] if step == 2 else SHORT, CUTOFF_LEN)
        loss, _ = model(**batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    dist.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    main()
