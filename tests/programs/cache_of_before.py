"""Captions are written step by step; the cache that keeps the pictures' keys is made with the writer, not for each batch. --fixed: for each batch."""
import sys

import torch
from torch import nn
from transformers import DynamicCache, EncoderDecoderCache


class Reader(nn.Module):
    """Attends from the words so far to a picture's patches, whose keys are computed once."""

    def __init__(self, width=16, heads=2):
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(width, width)
        self.keys, self.values = nn.Linear(width, width), nn.Linear(width, width)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, words, patches, seen, cache=None):
        if cache is not None and cache.is_updated.get(0):
            keys, values = cache.cross_attention_cache.layers[0].keys, cache.cross_attention_cache.layers[0].values
        else:
            keys, values = self.split(self.keys(patches)), self.split(self.values(patches))
            if cache is not None:
                keys, values = cache.cross_attention_cache.update(keys, values, 0)
                cache.is_updated[0] = True
        mask = seen[:, None, None, :].expand(-1, 1, words.shape[1], -1)
        read = nn.functional.scaled_dot_product_attention(self.split(self.ask(words)), keys, values, attn_mask=mask)  # FAIL HERE
        return read.transpose(1, 2).flatten(2)


class Writer:
    def __init__(self, reader, words, head):
        self.reader, self.words, self.head = reader, words, head
        self.cache = EncoderDecoderCache(DynamicCache(), DynamicCache())

    @torch.no_grad()
    def write(self, patches, seen, steps=5):
        if "--fixed" in sys.argv:
            self.cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        word = torch.zeros(len(patches), 1, dtype=torch.long)
        written = [word]
        for _ in range(steps):
            word = self.head(self.reader(self.words(word), patches, seen, self.cache)).argmax(-1)
            written.append(word)
        return torch.cat(written, 1)


def make_pictures(counts):
    pictures = [torch.randn(count, 16) for count in counts]
    patches = nn.utils.rnn.pad_sequence(pictures, batch_first=True)  # PADDED HERE
    return patches, torch.arange(patches.shape[1]) < torch.tensor(counts)[:, None]


def main():
    torch.manual_seed(0)
    reader, words, head = Reader(), nn.Embedding(40, 16), nn.Linear(16, 40)
    optimizer = torch.optim.AdamW([*reader.parameters(), *words.parameters(), *head.parameters()], lr=1e-3)
    for _ in range(60):
        patches, seen = make_pictures(torch.randint(6, 25, (4,)).tolist())
        said = torch.randint(40, (4, 7))
        loss = nn.functional.cross_entropy(head(reader(words(said[:, :-1]), patches, seen)).flatten(0, 1), said[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    writer = Writer(reader, words, head)
    for counts in ([20, 18, 16, 12], [14, 13, 9, 7]):
        writer.write(*make_pictures(counts))


main()
