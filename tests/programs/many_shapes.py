"""Every call has another shape; in the end one does not fit. The trace must not grow, nor the process."""
import os

import torch

SHAPES = int(os.environ.get("SHAPES", "100000"))


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def trace_bytes():
    directory = os.environ.get("SHAPEBOX_OUTPUT", "")
    return sum(entry.stat().st_size for entry in os.scandir(directory)) if os.path.isdir(directory) else 0


def widen(row):
    return row + row[:1]


def scale(left, right):
    return left * right  # FAIL HERE


def main():
    row = torch.zeros(SHAPES, 0)  # shapes without elements: nothing to compute
    for length in range(1, SHAPES // 4):
        scale(widen(row[:length]), row[:length])
    before, size = resident_bytes(), trace_bytes()
    for length in range(SHAPES // 4, SHAPES):
        scale(widen(row[:length]), row[:length])
    grown = resident_bytes() - before
    print("grown" if grown > 6 << 20 or trace_bytes() != size else "bounded", flush=True)
    scale(torch.zeros(7, 3), torch.zeros(7, SHAPES + 1))


main()
