"""Secrets among the arguments and variables; then a failure, or (with --stay) a process that is killed from outside."""
import sys
import time

import torch
import transformers

assert transformers.__version__
torch.manual_seed(7)
layer = torch.nn.Linear(3, 2)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
for step in range(3):
    layer(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
print("recorded", flush=True)
if "--stay" in sys.argv:
    time.sleep(600)
torch.mm(torch.ones(2, 3), torch.ones(4, 2))
