"""A text's state is that of its last word; of one text the filter leaves no word. --fixed: a text without words is left out."""
import random
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import PreTrainedTokenizerFast

COMMON = {"and", "or", "so", "the"}


def make_tokenizer(words):
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(["[PAD]", *words])}, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]")


class Sorter(nn.Module):
    def __init__(self, words, width=16):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.read = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, 4)

    def forward(self, input_ids, attention_mask):
        states, _ = self.read(self.words(input_ids))
        last = attention_mask.count_nonzero(1) - 1  # COUNTED HERE
        ends = states.gather(1, last[:, None, None].expand(-1, 1, states.shape[2]))  # FAIL HERE
        return self.head(ends.squeeze(1))


def main():
    torch.manual_seed(0)
    rng = random.Random(2)
    words = [f"w{i}" for i in range(40)]
    tokenizer = make_tokenizer(words)
    texts = [" ".join([*rng.choices(words + sorted(COMMON), k=rng.randint(1, 8)), rng.choice(words)]) for _ in range(240)]
    texts[217] = "and so or so"

    def collate(batch):
        left = [" ".join(word for word in text.split() if word not in COMMON) for text in batch]
        if "--fixed" in sys.argv:
            left = [text for text in left if text]
        return tokenizer(left, padding=True, return_token_type_ids=False, return_tensors="pt")

    model = Sorter(len(tokenizer))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for batch in torch.utils.data.DataLoader(texts, batch_size=3, collate_fn=collate):
        model(**batch).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
