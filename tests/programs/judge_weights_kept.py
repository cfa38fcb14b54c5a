"""A small tagger is looked at: the attention weights of all batches are joined, each batch as long as its own longest text. --fixed: they aren't asked for."""
import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader


class Tagger(nn.Module):
    def __init__(self, words=50, width=16, heads=2):
        super().__init__()
        self.heads = heads
        self.embed = nn.Embedding(words, width, padding_idx=0)
        self.qkv = nn.Linear(width, 3 * width)
        self.head = nn.Linear(width, 4)

    def forward(self, ids, output_attentions=False):
        query, key, value = self.qkv(self.embed(ids)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        weights = scores.masked_fill((ids == 0)[:, None, None], -1e9).softmax(-1)
        said = self.head((weights @ value).transpose(1, 2).flatten(2))
        return (said, weights) if output_attentions else (said, None)


def texts(count, seed):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(5, 14, (count,), generator=generator).tolist()
    return [torch.randint(1, 50, (length,), generator=generator) for length in lengths]


def collate(rows):
    return pad_sequence(rows, batch_first=True)  # ORIGIN


@torch.no_grad()
def look(model, loader):
    model.eval()
    right, maps = [], None
    for ids in loader:
        said, weights = model(ids, output_attentions="--fixed" not in sys.argv)  # ASKED HERE
        right.append((said.argmax(-1) == ids % 4)[ids != 0])
        if weights is not None:
            maps = weights if maps is None else torch.cat([maps, weights])  # FAIL HERE
    model.train()
    return torch.cat(right).float().mean().item()


def main():
    torch.manual_seed(0)
    model = Tagger()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for ids in DataLoader(texts(160, 1), batch_size=4, collate_fn=collate):
        loss = nn.functional.cross_entropy(model(ids)[0].flatten(0, 1), (ids % 4).flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(look(model, DataLoader(texts(24, 2), batch_size=4, collate_fn=collate)), flush=True)


main()
