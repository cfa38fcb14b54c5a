"""Sums over the nodes of each graph; how many graphs there are is counted from the largest number, so that a last graph without nodes is
missed. With --fixed the batch says how many there are."""
import sys

import torch

FIXED = "--fixed" in sys.argv


def pool(rows, graph, count=None):
    groups = count if count else int(graph.max()) + 1
    return rows.new_zeros(groups, rows.shape[1]).index_add(0, graph, rows)


def batches():
    for step in range(60):
        nodes = [3, 0, 2, 4, 1, 0 if step == 47 else 2]
        yield torch.repeat_interleave(torch.arange(6), torch.tensor(nodes)), torch.ones(6, 1)


def main():
    layer = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(layer.parameters(), 0.01)
    for graph, target in batches():
        rows = torch.ones(graph.shape[0], 4)
        out = layer(pool(rows, graph, target.shape[0] if FIXED else None))
        loss = (out - target).square().mean()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done")


if __name__ == "__main__":
    main()
