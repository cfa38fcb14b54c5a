"""fails.py WORKLOAD OPERATIONS: a run of about so many healthy operations whose last one fails, for what a report on a long trace takes.

near     small elementwise operations; a wrong size from three lines before the failure
far      the same; the wrong size is that of a tensor made before all of them
lengths  training steps, in every one another length and number of images; the last is cut in the midst of an image
"""
import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs"))


def combine(left, right):
    return left + right


def elementwise(operations):
    x = torch.ones(8)
    for _ in range(operations // 100):
        y = x
        for _ in range(100):
            y = y + 1
    return y.reshape(2, 4).repeat(2, 1)


def near(operations):
    left = elementwise(operations)
    made = torch.zeros(4, 6)
    table = made.reshape(3, 8)
    right = table * 2
    combine(left, right)


def far(operations):
    table = torch.zeros(4, 6).reshape(3, 8) * 2
    combine(elementwise(operations), table)


def lengths(operations):
    from tiny_vlm import MaskedAssignQwen2VL, collate, lora, tiny_config
    model = lora(MaskedAssignQwen2VL(tiny_config()))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    batches = [collate([{"seed": n, "words": 20 + 3 * n, "images": [(1, 4, 4 + 4 * (n % 3))] * (n % 5)},
                        {"seed": 99 + n, "words": 20, "images": [(1, 8, 4)]}], 1 << 20) for n in range(64)]
    for n in range(operations // 1000):  # as many operations as such a step has
        model(**batches[n % len(batches)])[0].backward()
        optimizer.step()
        optimizer.zero_grad()
    model(**collate([{"seed": 1, "words": 9, "images": [(1, 4, 16)]}, {"seed": 99, "words": 20, "images": [(1, 8, 4)]}], 20))


torch.manual_seed(0)
torch.set_num_threads(1)
{"near": near, "far": far, "lengths": lengths}[sys.argv[1]](int(sys.argv[2]))
