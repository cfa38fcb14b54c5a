"""Frame features are put at the video tokens of a text with masked_scatter; a clip is shorter than the frames that the text has places for."""
import sys

import torch
from torch import nn

FIXED = "--fixed" in sys.argv
VIDEO_TOKEN, TOKENS_PER_FRAME, NUM_FRAMES = 99, 4, 8


def sample_frames(clip):
    if FIXED:
        indices = torch.linspace(0, len(clip) - 1, NUM_FRAMES).long()
    else:
        indices = torch.arange(0, len(clip), max(1, len(clip) // NUM_FRAMES))[:NUM_FRAMES]  # ORIGIN
    return clip[indices]


class VideoText(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(100, 8)
        self.projector = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 8 * TOKENS_PER_FRAME))
        self.head = nn.Linear(8, 100)

    def forward(self, input_ids, frames):
        inputs_embeds = self.embed(input_ids)
        video_features = self.projector(frames).view(-1, 8)
        mask = (input_ids == VIDEO_TOKEN).unsqueeze(-1).expand_as(inputs_embeds)
        inputs_embeds = inputs_embeds.masked_scatter(mask, video_features)  # FAIL HERE
        return nn.functional.cross_entropy(self.head(inputs_embeds)[0, :-1], input_ids[0, 1:])


def main():
    torch.manual_seed(0)
    model = VideoText()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(1010):
        clip = torch.randn(5 if step == 1003 else 8 + step % 60, 6)
        words = [3 + i % 90 for i in range(4 + step % 13)]
        input_ids = torch.tensor([words + [VIDEO_TOKEN] * (NUM_FRAMES * TOKENS_PER_FRAME) + [2]])
        loss = model(input_ids, sample_frames(clip))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
