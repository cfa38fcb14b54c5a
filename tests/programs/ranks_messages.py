"""Messages, exchanges, objects, and groups of some of the ranks: `ranks_messages.py WHAT`."""
import os
import signal
import subprocess
import sys
import threading
import time

import torch
import torch.distributed as dist

WHAT = sys.argv[1]


def watchdog(seconds):
    """A rank that waits for ever is killed, as a cluster would."""
    def kill():
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=kill, daemon=True).start()


def watchdog_of_all(rank):
    """All ranks are stopped before one of them is killed: none sees that another has gone."""
    pids = [None] * dist.get_world_size()
    dist.all_gather_object(pids, str(os.getpid()))
    if rank == 0:
        pids = " ".join(pids)
        alone = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        subprocess.Popen(["sh", "-c", f"sleep 15; kill -STOP {pids}; sleep 1; kill -KILL {pids}"], env=alone)


def healthy(rank, world):
    """What differs between ranks by design."""
    for _ in range(3):
        ring = [dist.P2POp(dist.isend, torch.ones(4), (rank + 1) % world), dist.P2POp(dist.irecv, torch.ones(4), (rank - 1) % world)]
        for work in dist.batch_isend_irecv(ring):
            work.wait()
    give = [1 + (rank + to) % 3 for to in range(world)]
    take = [1 + (source + rank) % 3 for source in range(world)]
    dist.all_to_all_single(torch.ones(sum(take)), torch.ones(sum(give)), take, give)
    dist.reduce_scatter_tensor(torch.ones(2), torch.ones(2 * world))
    dist.all_gather_object([None] * world, "x" * (10 * rank + 3))
    dist.broadcast_object_list(["a" * 100, {"b": 3}] if rank == 0 else [None, None], 0)
    dist.gather_object("y" * (rank + 1), [None] * world if rank == 0 else None)
    dist.scatter_object_list([None], ["z" * (5 * i + 1) for i in range(world)] if rank == 0 else [None] * world, 0)
    if rank == 0:
        for to in range(1, world):
            dist.send(torch.ones(to, 2), to)
    else:
        dist.recv(torch.ones(2 * rank), 0)  # the same number of elements


def groups(rank):
    """Two groups of two, each with sizes of its own."""
    mine = [dist.new_group([0, 1]), dist.new_group([2, 3])][rank // 2]
    for _ in range(2):
        dist.barrier()  # all have made their group, and begun an operation since, before one of them fails
    for _ in range(2):
        dist.all_reduce(torch.ones(7 if WHAT == "groups" and rank == 3 else 4 + 2 * (rank // 2)), group=mine)  # GROUP
    if rank % 2:
        dist.recv(torch.ones(3 + rank // 2), rank - 1, group=mine)
    else:
        dist.send(torch.ones(3 + rank // 2), rank + 1, group=mine)
    return mine


def functional(mine):
    """Groups of equal role have different names."""
    from torch.distributed import _functional_collectives
    _functional_collectives.all_reduce(torch.ones(3), "sum", mine).sum()


def main():
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    watchdog(100)
    if WHAT == "never":
        watchdog_of_all(rank)
    dist.all_reduce(torch.ones(2))
    if WHAT == "healthy":
        healthy(rank, world)
        functional(groups(rank))
    elif WHAT == "groups":
        groups(rank)
    elif WHAT == "sizes":
        if rank == 0:
            dist.send(torch.ones(4), 1)  # SEND
        else:
            dist.recv(torch.ones(8), 0)  # RECEIVE
    elif WHAT == "never":
        if rank == 1:
            dist.recv(torch.ones(8), 0)  # WAITS
        else:
            torch.ones(3).sum()
    elif WHAT == "exchange":
        size = 6 if rank == 1 else 4
        dist.all_to_all_single(torch.ones(size), torch.ones(size))  # EXCHANGE
    dist.barrier()  # LAST
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
