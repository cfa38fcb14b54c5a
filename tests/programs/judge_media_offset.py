"""Cross attention to pictures whose places are told by media_offset: [batch, length, 2], the second number negative where there is none.

Samples of one length train well; when lengths differ, the collator pads media_offset with 0, and 0 is a valid offset.
"""
import sys

import torch
from torch import nn

PAD_VALUE = -100 if "--fixed" in sys.argv else 0
NUM_QUERIES = 4


def select_query(media_offset, num_queries):
    query_indices = media_offset[:, :, 1] >= 0
    count = query_indices.sum().item()
    assert count % num_queries == 0, f"{count} query positions are not a multiple of {num_queries}"  # FAIL HERE
    places = query_indices.nonzero()
    for at in range(0, len(places), num_queries):
        first, last = places[at], places[at + num_queries - 1]
        assert (last[1] - first[1] + 1).item() == num_queries, "the query block is broken"
        yield int(first[0]), int(first[1]), int(last[1]) + 1


def sample(length, pictures):
    offset = torch.full((length, 2), -1, dtype=torch.long)
    for picture in range(pictures):
        begin = 2 + picture * (NUM_QUERIES + 1)
        offset[begin:begin + NUM_QUERIES, 0] = picture
        offset[begin:begin + NUM_QUERIES, 1] = torch.arange(NUM_QUERIES)
    return offset


def collate(offsets):
    return nn.utils.rnn.pad_sequence(offsets, batch_first=True, padding_value=PAD_VALUE)  # ORIGIN


class HyperAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(16, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, media_offset):
        batch, length, _ = media_offset.shape
        hidden = self.embed(torch.arange(length) % 16).expand(batch, length, 8)
        losses = [self.attention(hidden[b:b + 1, i:j], hidden[b:b + 1], hidden[b:b + 1])[0].mean()
                  for b, i, j in select_query(media_offset, NUM_QUERIES)]
        return torch.stack(losses).mean()


def main():
    torch.manual_seed(0)
    model = HyperAttention()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(50):
        lengths = [13 + step % 20] * 2
        if step == 43:
            lengths = [31, 24]
        media_offset = collate([sample(length, 1 + i) for i, length in enumerate(lengths)])
        model(media_offset).backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
