"""Mean of the nodes of each graph, with a backward of its own; one graph of the 61st batch lost all its nodes to a filter."""
import sys

import torch
from torch import nn


class GraphMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx, nodes, graph, graphs):
        sizes = torch.bincount(graph, minlength=graphs)
        divisor = sizes.clamp(min=1)  # BOUND
        ctx.save_for_backward(divisor, sizes if "--fixed" in sys.argv else divisor)
        return nodes.new_zeros(graphs, nodes.shape[1]).index_add(0, graph, nodes) / divisor.unsqueeze(1)

    @staticmethod
    def backward(ctx, grad):
        divisor, sizes = ctx.saved_tensors
        return (grad / divisor.unsqueeze(1)).repeat_interleave(sizes, dim=0), None, None


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    encoder, head = nn.Linear(5, 8), nn.Linear(8, 1)
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.01)
    for step in range(70):
        graph = torch.arange(6).repeat_interleave(torch.tensor([2 + (step + k) % 4 for k in range(6)]))
        if step == 60:
            graph = graph[graph != 3]
        means = GraphMean.apply(encoder(torch.randn(len(graph), 5)).relu(), graph, 6)  # FAIL HERE
        loss = head(means).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
