"""Ranks that each hold a part: `ranks_shard.py healthy` trains under each way of sharding; `ranks_shard.py WAY` with rank 1 leaving out a branch."""
import sys
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh

WHAT = sys.argv[1]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(6, 10)
        self.down = nn.Linear(10, 6)
        self.head = nn.Linear(6, 3)  # 3 rows do not divide by the ranks

    def forward(self, x, skip):
        x = x + self.down(self.up(x).relu())
        if not skip:
            x = x + torch.tanh(x)  # BRANCH
        return self.head(x)


def tensor(model, mesh):
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
    return parallelize_module(model, mesh, {"up": ColwiseParallel(), "down": RowwiseParallel()}), torch.optim.AdamW(model.parameters())


def fsdp(model, mesh):
    from torch.distributed.fsdp import fully_shard
    for part in (model.up, model.down, model):
        fully_shard(part, mesh=mesh)
    return model, torch.optim.AdamW(model.parameters())


def zero(model, mesh):
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.nn.parallel import DistributedDataParallel
    return DistributedDataParallel(model), ZeroRedundancyOptimizer(model.parameters(), torch.optim.AdamW)


def train(way):
    torch.manual_seed(0)
    model, optimizer = way(Block(), init_device_mesh("cpu", (dist.get_world_size(),)))
    for step in range(4):
        skip = WHAT != "healthy" and dist.get_rank() == 1 and step == 2
        model(torch.ones(4, 6), skip).sum().backward()  # LOSS
        optimizer.step()
        optimizer.zero_grad()


def main():
    dist.init_process_group("gloo")
    for way in (tensor, fsdp, zero):
        if WHAT in ("healthy", way.__name__):
            train(way)
    dist.barrier()
    time.sleep(0.5)  # a thread of gloo's lets go of the barrier's tensor: PyTorch 2.13 calls terminate where the interpreter ends meanwhile
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
