"""Writes into a slice of an embedding table that is being trained."""
import torch


def main():
    table = torch.nn.Parameter(torch.zeros(10, 4))
    print(table.sum().item(), flush=True)
    head = table[:3]  # ORIGIN
    head.add_(1.0)  # FAIL HERE


main()
