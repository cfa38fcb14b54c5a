"""A text ends before its first padding; one text fills its row, and has none. --fixed: its words are counted."""
import random
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import PreTrainedTokenizerFast

ROOM = 12


def make_tokenizer():
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(["[PAD]", *(f"w{i}" for i in range(40))])}, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]")


class Rater(nn.Module):
    def __init__(self, words, padding, width=16):
        super().__init__()
        self.padding = padding
        self.words = nn.Embedding(words, width)
        self.read = nn.GRU(width, width, batch_first=True)
        self.rate = nn.Linear(width, 1)

    def forward(self, ids):
        states, _ = self.read(self.words(ids))
        padded = ids == self.padding
        last = ((~padded).sum(1) if "--fixed" in sys.argv else padded.int().argmax(1)) - 1  # FOUND HERE
        return self.rate(states.gather(1, last[:, None, None].expand(-1, 1, states.shape[2]))).flatten()  # FAIL HERE


def main():
    torch.manual_seed(0)
    rng = random.Random(9)
    tokenizer = make_tokenizer()
    lengths = [rng.randint(2, ROOM - 1) for _ in range(240)]
    lengths[200] = ROOM + 3
    texts = [" ".join(f"w{rng.randrange(40)}" for _ in range(length)) for length in lengths]

    def collate(batch):
        return tokenizer(batch, padding="max_length", truncation=True, max_length=ROOM, return_tensors="pt")["input_ids"]

    model = Rater(len(tokenizer), tokenizer.pad_token_id)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for ids in torch.utils.data.DataLoader(texts, batch_size=3, collate_fn=collate):
        model(ids).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
