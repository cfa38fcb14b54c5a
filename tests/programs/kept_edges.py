"""A layer that remembers the edges of the first batch of graphs: they go beyond the nodes of a later, smaller one."""
import sys

import torch
from torch import nn


class Spread(nn.Module):
    def __init__(self, wide, narrow, remember=False):
        super().__init__()
        self.mix = nn.Linear(wide, narrow)
        self.remember = remember
        self.kept_edges = None

    def forward(self, nodes, edges):
        if self.kept_edges is None:
            own = torch.arange(len(nodes)).repeat(2, 1)
            both = torch.cat([edges, edges.flip(0), own], dim=1)  # KEPT HERE
            if self.remember:
                self.kept_edges = both
        else:
            both = self.kept_edges
        mixed = self.mix(nodes)
        sent = mixed.index_select(0, both[0])  # FAIL HERE
        return torch.zeros_like(mixed).index_add(0, both[1], sent)


def batch_of(counts):
    edges, first = [], 0
    for count in counts:
        chain = torch.arange(count - 1)
        edges.append(torch.stack([chain, chain + 1]) + first)
        first += count
    return torch.randn(first, 6), torch.cat(edges, dim=1)


def main():
    torch.manual_seed(0)
    fixed = "--fixed" in sys.argv
    model = Spread(6, 4) if fixed else Spread(6, 4, remember=True)  # ASKED HERE
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for counts in [(5, 7), (6, 9), (8, 8), (7, 10), (5, 11), (4, 5)]:
        nodes, edges = batch_of(counts)
        model(nodes, edges).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
