"""Two ranks under a launcher that ends the others when one fails: rank 1 does, rank 0 would go on for long."""
import os
import time

import torch

RANK = int(os.environ["RANK"])

layer = torch.nn.Linear(6, 2)
features = torch.randn(3, 7 if RANK == 1 else 6)
layer(features)  # FAIL HERE
time.sleep(100)
