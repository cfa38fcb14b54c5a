"""Tagging words: the scores of a whole evaluation are joined, and every batch is padded to its own longest text only. --fixed: words alone are kept."""
import random
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import PreTrainedTokenizerFast

LEFT_OUT = -1


def make_tokenizer(words):
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(["[PAD]", *words])}, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]")


def make_texts(words, count, seed):
    rng = random.Random(seed)
    return [[rng.choice(words) for _ in range(rng.randint(3, 11))] for _ in range(count)]


class Collator:
    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def __call__(self, texts):
        batch = self.tokenizer.pad({"input_ids": [self.tokenizer.convert_tokens_to_ids(text) for text in texts]}, return_tensors="pt")
        ids = batch["input_ids"]
        return ids, (ids % 5).masked_fill(batch["attention_mask"] == 0, LEFT_OUT)


@torch.no_grad()
def judge(model, loader, batches=None):
    """How many words are tagged rightly; of the first BATCHES alone in between."""
    scores, tags = [], []
    for i, (ids, wanted) in enumerate(loader):
        if i == batches:
            break
        said = model(ids)
        kept = wanted != LEFT_OUT if "--fixed" in sys.argv else slice(None)
        scores.append(said[kept])
        tags.append(wanted[kept])
    scores = torch.cat(scores)  # FAIL HERE
    tags = torch.cat(tags)
    kept = tags != LEFT_OUT
    return (scores[kept].argmax(-1) == tags[kept]).float().mean().item()


def main():
    torch.manual_seed(0)
    words = [f"word{i}" for i in range(60)]
    collate = Collator(make_tokenizer(words))
    training = torch.utils.data.DataLoader(make_texts(words, 240, 1), batch_size=4, collate_fn=collate)
    held_out = torch.utils.data.DataLoader(make_texts(words, 21, 2), batch_size=6, collate_fn=collate)  # READ HERE
    model = nn.Sequential(nn.Embedding(61, 16), nn.Linear(16, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step, (ids, wanted) in enumerate(training):
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), wanted.flatten(), ignore_index=LEFT_OUT)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 15 == 14:
            judge(model, held_out, batches=1)
    judge(model, held_out)


main()
