"""Ranks that train together, one of them otherwise: `ranks.py WHAT`. Rank 1 is the odd one."""
import os
import signal
import sys
import threading
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

WHAT = sys.argv[1]
ODD = 1
STEPS = 6


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.text = nn.Linear(8, 8)
        self.vision = nn.Linear(8, 8)
        self.head = nn.Linear(8, 2)
        self.adapter = None

    def forward(self, text, image):
        hidden = self.text(text)  # TEXT
        if image is not None:
            hidden = hidden + self.vision(image)  # VISION
        if self.adapter is not None:
            hidden = hidden + self.adapter(hidden)  # ADAPTER
        return self.head(hidden)  # HEAD


class Samples(Dataset):
    def __init__(self, rank):
        self.rank = rank

    def __len__(self):
        return 4 * STEPS

    def __getitem__(self, index):
        if WHAT == "worker" and self.rank == ODD and index == 13:
            return torch.ones(7)  # RAGGED
        return torch.ones(8)


def watchdog(seconds):
    """A rank that waits for ever is killed, as a cluster would."""
    def kill():
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=kill, daemon=True).start()


def train(rank):
    torch.manual_seed(0)
    model = Model()
    if WHAT == "frozen" and rank == ODD:
        model.vision.weight.requires_grad_(False)
    if WHAT == "adapter" and rank == ODD:
        model.adapter = nn.Linear(8, 8)
    if WHAT == "dtype" and rank == ODD:
        model.double()
    if WHAT == "device" and rank == ODD:
        model.vision.to("meta")  # never given its values
    updated = [p for p in model.parameters() if p.requires_grad]
    if WHAT == "unoptimized" and rank == ODD:
        updated.pop()
    optimizer = torch.optim.AdamW(updated, lr=1e-3)
    bare = WHAT in ("frozen", "adapter", "dtype", "device")
    wrapped = model if bare else DistributedDataParallel(model, find_unused_parameters=True)
    loader = iter(DataLoader(Samples(rank), batch_size=4, num_workers=1))
    for step in range(STEPS):
        text = next(loader)
        if WHAT == "dtype" and rank == ODD:
            text = text.double()
        if WHAT == "lengths":  # every rank has its own lengths, all the time
            text = torch.ones(1 + (step * 5 + rank * 3) % 7, 8)
        image = None if WHAT == "branch" and rank == ODD and step == 3 else torch.ones_like(text)
        if WHAT == "cut" and rank == ODD and step == 4:
            text, image = text[:3], image[:3]  # CUT
        loss = wrapped(text, image).sum()
        loss.backward()
        if bare:
            for parameter in model.parameters():
                if parameter.grad is not None:
                    dist.all_reduce(parameter.grad)  # AVERAGE
        if WHAT == "clip" and rank == ODD and step == 3:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # CLIP
        optimizer.step()
        optimizer.zero_grad()
        if rank == 0 and step % 2 == 0:
            torch.ones(3).mean().item()  # rank 0 alone writes its log
        if WHAT == "skip" and rank == ODD and step == 3:
            continue
        dist.all_reduce(torch.ones(2))  # LOSS
        if WHAT == "own" and rank == ODD and step == 4:
            raise ValueError("this rank had enough")  # OWN


def collectives(rank):
    world = dist.get_world_size()
    for step in range(3):
        dist.all_reduce(torch.ones(4), op=dist.ReduceOp.MAX)
        dist.broadcast(torch.ones(3), 0)
    if WHAT == "gather":
        given = torch.ones(5 if rank == ODD else 4)
        dist.all_gather([torch.ones(4) for _ in range(world)], given)  # GATHER
    elif WHAT == "reduce":
        dist.all_reduce(torch.ones(4), op=dist.ReduceOp.MAX if rank == ODD else dist.ReduceOp.SUM)  # REDUCE
    elif WHAT == "kind":
        if rank == ODD:
            dist.broadcast(torch.ones(4), 0)  # BROADCAST
        else:
            dist.all_reduce(torch.ones(4))  # ALLREDUCE
    elif WHAT == "stuck":
        some = dist.new_group([1, 2])
        if rank == ODD:
            torch.ones(2, 3).sum()  # STUCK
            time.sleep(300)
        if rank == 2:
            dist.all_reduce(torch.ones(4), group=some)  # WAIT


def pipeline(rank):
    """Two stages that do different work by design."""
    torch.manual_seed(rank)
    stage = nn.Linear(8, 8) if rank == 0 else nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(stage.parameters(), lr=0.1)
    for _ in range(STEPS):
        if rank == 0:
            out = stage(torch.ones(4, 8))
            dist.send(out.detach(), 1)
            grad = torch.empty(4, 8)
            dist.recv(grad, 1)
            out.backward(grad)
        else:
            given = torch.empty(4, 8)
            dist.recv(given, 0)
            given.requires_grad_()
            stage(given).sum().backward()
            dist.send(given.grad, 0)
        optimizer.step()
        optimizer.zero_grad()


def main():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    watchdog(20 if WHAT in ("skip", "stuck", "kind") else 100)
    if WHAT in ("gather", "reduce", "kind", "stuck"):
        collectives(rank)
    elif WHAT == "pipeline":
        pipeline(rank)
    else:
        train(rank)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
