"""A tokenizer cuts a text and closes it; the weights of its tokens are cut at the same limit, and then closed. --fixed: closed within the limit."""
import random
import sys
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import nn
from transformers import PreTrainedTokenizerFast


@dataclass
class Settings:
    max_tokens: int = 32
    batch: int = 3
    width: int = 16


def make_tokenizer():
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[END]", *(f"w{i}" for i in range(70))])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A [END]", special_tokens=[("[END]", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", eos_token="[END]")


def encode(tokenizer, text, weights, settings):
    ids = tokenizer(text, truncation=True, max_length=settings.max_tokens)["input_ids"]
    room = settings.max_tokens - 1 if "--fixed" in sys.argv else settings.max_tokens
    return {"ids": ids, "weights": weights[:room] + [1.0]}


def collate(rows):
    ids = nn.utils.rnn.pad_sequence([torch.tensor(row["ids"]) for row in rows], batch_first=True)
    weights = nn.utils.rnn.pad_sequence([torch.tensor(row["weights"]) for row in rows], batch_first=True)
    return ids, weights


def main():
    torch.manual_seed(0)
    settings = Settings()
    rng = random.Random(7)
    tokenizer = make_tokenizer()
    lengths = [rng.randint(4, 28) for _ in range(210)]
    lengths[190] = 47
    rows = [encode(tokenizer, " ".join(f"w{rng.randrange(70)}" for _ in range(length)), [rng.random() for _ in range(length)], settings) for length in lengths]
    model = nn.Sequential(nn.Embedding(72, settings.width), nn.Linear(settings.width, 72))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for ids, weights in torch.utils.data.DataLoader(rows, batch_size=settings.batch, collate_fn=collate):
        losses = nn.functional.cross_entropy(model(ids).transpose(1, 2), ids, reduction="none")
        loss = (losses * weights).sum() / weights.sum()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
