"""A bfloat16 vision tower gets hand-made LoRA branches; the branches are converted to half, as an fp16 training setting does."""
import sys

import torch
from torch import nn
from transformers import SiglipVisionConfig, SiglipVisionModel

ADAPTER_DTYPE = torch.bfloat16 if "--fixed" in sys.argv else torch.float16


class LoraLinear(nn.Module):
    def __init__(self, base, rank=4):
        super().__init__()
        self.base = base
        self.lora_a = nn.Linear(base.in_features, rank, bias=False)
        self.lora_b = nn.Linear(rank, base.out_features, bias=False)

    def forward(self, x):
        return self.base(x) + self.lora_b(self.lora_a(x))  # FAIL HERE


def inject(tower):
    for name, module in list(tower.named_modules()):
        if name.endswith(("q_proj", "v_proj")):
            parent = tower.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], LoraLinear(module))
    for module in tower.modules():
        if isinstance(module, LoraLinear):
            module.lora_a.to(ADAPTER_DTYPE)  # ORIGIN
            module.lora_b.to(ADAPTER_DTYPE)
    return tower


def main():
    torch.manual_seed(0)
    config = SiglipVisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=16,
                                patch_size=4)
    tower = SiglipVisionModel(config).to(torch.bfloat16)
    for _ in range(20):
        tower(torch.rand(1, 3, 16, 16, dtype=torch.bfloat16))
    inject(tower)
    tower(torch.rand(1, 3, 16, 16, dtype=torch.bfloat16)).last_hidden_state.float().mean().backward()
    print("done", flush=True)


main()
