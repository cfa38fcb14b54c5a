"""A clip too short for the frames that a video model's positions were made for. --fixed: its last frame is repeated."""
import random
import sys

import torch
from transformers import VideoMAEConfig, VideoMAEForVideoClassification

FRAMES = 8


def clip(seconds, fps=4):
    count = min(int(seconds * fps), FRAMES)
    frames = torch.randn(1, count, 3, 32, 32)  # ORIGIN HERE
    if "--fixed" in sys.argv and count < FRAMES:
        frames = torch.cat([frames, frames[:, -1:].expand(-1, FRAMES - count, -1, -1, -1)], 1)
    return frames


random.seed(3)
torch.manual_seed(3)
model = VideoMAEForVideoClassification(VideoMAEConfig(image_size=32, patch_size=16, num_frames=FRAMES, tubelet_size=2, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                                                      num_attention_heads=2, num_labels=3))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for step in range(310):
    seconds = random.uniform(2.0, 6.0) if step < 305 else 1.6
    model(pixel_values=clip(seconds), labels=torch.tensor([step % 3])).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("trained")
