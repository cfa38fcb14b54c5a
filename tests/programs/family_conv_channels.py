"""An image with an alpha channel meets a three-channel convolution."""
import torch

conv = torch.nn.Conv2d(3, 8, 3)
conv(torch.zeros(1, 3, 16, 16))
conv(torch.zeros(1, 4, 16, 16))  # FAIL HERE
