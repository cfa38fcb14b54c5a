"""Masked image modelling with ViT (SimMIM)."""
import sys

import torch
from transformers import ViTConfig, ViTForMaskedImageModeling

torch.manual_seed(0)
config = ViTConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48, image_size=32,
                   patch_size=8, encoder_stride=8)
model = ViTForMaskedImageModeling(config)
pictures = torch.rand(2, 3, 32, 32)
num_patches = (config.image_size // config.patch_size) ** 2 if "--fixed" in sys.argv else (224 // 16) ** 2
bool_masked_pos = torch.rand(2, num_patches) > 0.4  # ORIGIN
out = model(pictures, bool_masked_pos=bool_masked_pos)
out.loss.backward()
