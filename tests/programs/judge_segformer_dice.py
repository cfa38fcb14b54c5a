"""Road segmentation with SegFormer and a dice loss."""
import sys

import torch
from torch import nn
from transformers import SegformerConfig, SegformerForSemanticSegmentation

torch.manual_seed(0)
CLASSES = 4
model = SegformerForSemanticSegmentation(SegformerConfig(
    num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 16], num_attention_heads=[1, 2],
    patch_sizes=[7, 3], strides=[4, 2], mlp_ratios=[2, 2], decoder_hidden_size=16, num_labels=CLASSES))


def dice(logits, mask):
    probs = logits.softmax(1)
    onehot = nn.functional.one_hot(mask, CLASSES).permute(0, 3, 1, 2).float()
    overlap = (probs * onehot).sum((2, 3))  # FAIL HERE
    return 1 - (2 * overlap / (probs.sum((2, 3)) + onehot.sum((2, 3)) + 1e-6)).mean()


pictures = torch.rand(2, 3, 64, 96)
masks = torch.randint(0, CLASSES, (2, 64, 96))
logits = model(pixel_values=pictures).logits
if "--fixed" in sys.argv:
    logits = nn.functional.interpolate(logits, size=masks.shape[-2:], mode="bilinear", align_corners=False)
loss = dice(logits, masks)
loss.backward()
