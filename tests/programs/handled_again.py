"""A handler tries again with what it cuts, which fails with the same words at a line of its own."""
import torch


def put(features, places):
    try:
        return places + features
    except RuntimeError:
        return places * 2.0 + features[:places.shape[0]]  # FAIL HERE


for count in (4, 4, 6, 3):
    put(torch.ones(count, 8), torch.zeros(4, 8))
