# What can't be read is replaced: a sensor's rows by zeros of numpy's own dtype; or, with "picture", a picture by one of another size.
import sys

import numpy
import torch
from torch import nn

SIDE, WIDTH, FIXED = 32, 16, "--fixed" in sys.argv


def parse(text):
    if not text:
        raise ValueError("an empty row")
    return torch.tensor([float(word) for word in text.split()])


def sensor(text):
    try:
        return parse(text)
    except ValueError:
        return torch.from_numpy(numpy.zeros(WIDTH, dtype="float32" if FIXED else "float64"))  # ZEROS


def decode(name):
    if name == "bad.png":
        raise OSError("truncated")
    return torch.rand(3, SIDE, SIDE)


def picture(name):
    try:
        return decode(name)
    except OSError:
        side = SIDE if FIXED else 28
        return torch.zeros(3, side, side)  # SMALLER


if "picture" in sys.argv:
    net = nn.Conv2d(3, 4, 3)
    names = ["good.png"] * 45 + ["bad.png"] + ["good.png"] * 10
    for i in range(0, 56, 8):
        net(torch.stack([picture(name) for name in names[i:i + 8]])).mean().backward()
else:
    net = nn.Linear(WIDTH, 4)
    for i in range(20):
        net(sensor("" if i == 15 else "1.5 " * WIDTH)).sum().backward()  # FAIL HERE
print("done")
