"""Two ranks, pictures and text; one batch has no pictures, so the projector gets no gradient: the step after it fails."""
import sys

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from transformers import CLIPVisionConfig, CLIPVisionModel

FIXED = "--fixed" in sys.argv


class Captioner(nn.Module):
    def __init__(self):
        super().__init__()
        config = CLIPVisionConfig(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
        self.tower = CLIPVisionModel(config).requires_grad_(False)
        self.projector = nn.Sequential(nn.Linear(32, 24), nn.GELU(), nn.Linear(24, 16))
        self.words = nn.Embedding(50, 16)
        self.head = nn.Linear(16, 50)

    def forward(self, ids, pictures=None):
        states = self.words(ids)
        if pictures is not None:
            features = self.projector(self.tower(pictures).last_hidden_state)
            states = torch.cat([features, states], dim=1)
        return self.head(states[:, -ids.shape[1] :])


def batches(steps):
    for step in range(steps):
        ids = torch.randint(0, 50, (2, 5 + step % 4))
        if step == 12:
            yield ids, None
        else:
            pictures = torch.rand(2, 3, 28, 28)  # PICTURES
            yield ids, pictures


def main():
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    model = DistributedDataParallel(Captioner(), find_unused_parameters=FIXED)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for ids, pictures in batches(16):
        logits = model(ids, pictures)  # FAIL HERE
        nn.functional.cross_entropy(logits.flatten(0, 1), ids.flatten()).backward()
        optimizer.step()
        optimizer.zero_grad()
    dist.barrier()
    print("done", flush=True)
    dist.destroy_process_group()


main()
