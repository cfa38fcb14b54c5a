"""What a piece of training costs, alone and under other tools: prints lines "UNDER CPU_US WALL_US" per unit of work.

workloads.py WORKLOAD SECONDS [UNDER,UNDER...]     each UNDER is measured for SECONDS, in this process, one after another
workloads.py WORKLOAD =UNITS [UNDER]               exactly so many units and no figure (for instruction counts, for disks)
workloads.py WORKLOAD =UNITS,UNITS...              the same, and after each "resident UNITS KIB": what it has in memory then

A unit is one operation (elementwise) or one step (all others). Time is the processor's for this process (CPU) and the
clock's (WALL). "resident KIB", behind the first UNDER, is the most memory this process had until then.
"""
import contextlib
import ctypes
import os
import resource
import sys
import tempfile
import time

import torch
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs"))


# --- workloads: each returns a function that does some units, and how many ---

def elementwise():
    x = torch.ones(8)

    def work():
        y = x
        for _ in range(100):
            y = y + 1

    return work, 100


def trainer(model, batches, loss_of):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    turn = 0

    def work():
        nonlocal turn
        loss_of(model, batches[turn % len(batches)]).backward()
        optimizer.step()
        optimizer.zero_grad()
        turn += 1

    return work, 1


def square(model, batch):
    return model(batch).pow(2).mean()


def encoder():
    layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
    return trainer(nn.TransformerEncoder(layer, 4), [torch.randn(2, 8, 32)], square)


def dense():
    layer = nn.TransformerEncoderLayer(512, 8, 2048, dropout=0.0, batch_first=True)
    return trainer(nn.TransformerEncoder(layer, 2), [torch.randn(4, 64, 512)], square)


def vlm_loss(model, batch):
    return model(**batch)[0]


def vlm(samples_of_batches):
    from tiny_vlm import MaskedAssignQwen2VL, collate, lora, tiny_config
    model = lora(MaskedAssignQwen2VL(tiny_config()))
    return trainer(model, [collate(samples, 1 << 20) for samples in samples_of_batches], vlm_loss)


def qwen():
    return vlm([[{"seed": 1, "words": 9, "images": [(1, 4, 4)]}, {"seed": 2, "words": 9, "images": [(1, 4, 4)]}]])


def batches(count, longer):
    return [[{"seed": n, "words": 20 + longer * n, "images": [(1, 4, 4 + 4 * (n % 3))] * (n % 5)},
             {"seed": 99 + n, "words": 20, "images": [(1, 8, 4)]}] for n in range(count)]


def lengths():
    """Another length and number of images in every batch: 40 to 420 tokens, 0 to 4 images, 64 different ones."""
    return vlm(batches(64, 3))


def fresh():
    """The same, 512 different ones: in so many steps nearly every signature is new."""
    return vlm(batches(512, 1))


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 1 << 30

    def __getitem__(self, index):
        row = torch.arange(16, dtype=torch.float32)
        return row.mul(index % 7).add(1).reshape(4, 4)


def loader():
    batches = iter(torch.utils.data.DataLoader(Rows(), batch_size=16, num_workers=2))
    layer = nn.Linear(16, 16)
    return lambda: layer(next(batches).flatten(1)).sum().backward(), 1


WORKLOADS = {f.__name__: f for f in (elementwise, encoder, qwen, lengths, fresh, dense, loader)}


# --- what a workload runs under ---

@contextlib.contextmanager
def floor(inputs, outputs):
    library = ctypes.CDLL(os.environ["BENCH_FLOOR"])
    library.floor_add.restype = ctypes.c_uint64
    library.floor_add.argtypes = [ctypes.c_bool, ctypes.c_bool]
    library.floor_remove.argtypes = [ctypes.c_uint64]
    handle = library.floor_add(inputs, outputs)
    if not handle:
        sys.exit("workloads.py: this PyTorch has no addGlobalCallback")
    yield
    library.floor_remove(handle)


def profiler(stack):
    return torch.profiler.profile(record_shapes=True, with_stack=stack, activities=[torch.profiler.ProfilerActivity.CPU])


@contextlib.contextmanager
def observer():
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        recorder = torch.profiler.ExecutionTraceObserver()
        recorder.register_callback(file.name)
        recorder.start()
        yield
        recorder.stop()
        recorder.unregister_callback()


def dispatch_mode():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Empty(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
            return function(*arguments, **(keywords or {}))

    return Empty()


def debug_mode():
    from torch.utils._debug_mode import DebugMode
    return DebugMode()


UNDER = {
    "alone": contextlib.nullcontext,
    "floor": lambda: floor(True, False),
    "floor-outputs": lambda: floor(True, True),
    "profiler": lambda: profiler(False),
    "profiler-stack": lambda: profiler(True),
    "observer": observer,
    "dispatch-mode": dispatch_mode,
    "debug-mode": debug_mode,
}


def measure(work, count, seconds):
    units = 0
    cpu, wall = time.process_time(), time.perf_counter()
    while time.perf_counter() - wall < seconds:
        work()
        units += count
    return (time.process_time() - cpu) / units * 1e6, (time.perf_counter() - wall) / units * 1e6


def exactly(work, times):
    """Under callgrind (BENCH_COUNTED is tests/bench/counted.c, compiled) the first are not counted: what is learned, is learned."""
    counted = ctypes.CDLL(os.environ["BENCH_COUNTED"]) if "BENCH_COUNTED" in os.environ else None
    learn = 4 if counted else 0
    for turn in range(learn + times):
        if counted and turn == learn:
            counted.counted_begin()
        work()
    if counted:
        counted.counted_end()


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * (resource.getpagesize() // 1024)


def marks(work, count, units):
    done = 0
    for mark in units:
        while done < mark:
            work()
            done += count
        print("resident", mark, resident(), flush=True)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    work, count = WORKLOADS[sys.argv[1]]()
    unders = (sys.argv[3] if len(sys.argv) > 3 else "alone").split(",")
    if "," in sys.argv[2]:
        marks(work, count, [int(units) for units in sys.argv[2][1:].split(",")])
        return
    if sys.argv[2].startswith("="):
        with UNDER[unders[0]]():
            exactly(work, int(sys.argv[2][1:]) // count)
        return
    for _ in range(8):
        work()
    for place, under in enumerate(unders):
        with UNDER[under]():
            work()
            cpu, wall = measure(work, count, float(sys.argv[2]))
        print(f"{under} {cpu:.4f} {wall:.4f}")
        if place == 0:
            print("resident", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


main()
