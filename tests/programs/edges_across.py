# Small graphs are put into one: nodes behind nodes, edges behind edges. --fixed joins the edges along the right dimension.
import random
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader


class Graphs(torch.utils.data.Dataset):
    def __init__(self, count):
        rng = random.Random(4)
        self.sizes = [(rng.randint(4, 8), rng.randint(10, 30)) for _ in range(count)]

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, i):
        nodes, edges = self.sizes[i]
        return torch.rand(nodes, 6), torch.randint(nodes, (2, edges))


def collate(graphs):
    begin, edges = 0, []
    for nodes, links in graphs:
        edges.append(links + begin)
        begin += len(nodes)
    return torch.cat([nodes for nodes, _ in graphs]), torch.cat(edges, dim=1 if "--fixed" in sys.argv else 0)  # FAIL HERE


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.take = nn.Linear(6, 6)

    def forward(self, nodes, edges):
        return torch.zeros_like(nodes).index_add(0, edges[1], self.take(nodes)[edges[0]])


def main():
    torch.manual_seed(0)
    layer = Layer()
    optimizer = torch.optim.SGD(layer.parameters(), 0.01)
    for nodes, edges in DataLoader(Graphs(40), batch_size=4, collate_fn=collate, num_workers=1):
        layer(nodes, edges).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
