"""Adds a bias of the wrong width."""
import torch

hidden = torch.zeros(2, 3, 5)
bias = torch.zeros(3, 4)
hidden + bias  # FAIL HERE
