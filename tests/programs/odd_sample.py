"""One sample of many has no box: None where the others have a tensor. The worker's collator fails in PyTorch's own code."""
import sys

import torch
from torch.utils.data import Dataset, DataLoader
torch.manual_seed(0)
class Scans(Dataset):
    def __len__(self): return 600
    def __getitem__(self, i):
        x = torch.rand(3, 8, 8)
        box = None if i == 437 and "fixed" not in sys.argv else torch.rand(4)  # ORIGIN
        return {"image": x, "box": box}
if __name__ == "__main__":
    net = torch.nn.Conv2d(3, 4, 3)
    for batch in DataLoader(Scans(), batch_size=8, num_workers=1):  # FAIL HERE
        net(batch["image"]).sum().backward()
