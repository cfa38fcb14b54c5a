"""Sounds among words: the tokenizer pads with the token that a sound that isn't in its vocabulary becomes, too. --fixed: each has a token of its own."""
import random
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import PreTrainedTokenizerFast

SOUND, FRAMES = "<sound>", 3


def make_tokenizer():
    words = ["<unk>", "<end>", *(f"w{i}" for i in range(50))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="<end>")
    if "--fixed" in sys.argv:
        tokenizer.add_special_tokens({"pad_token": "<pad>", "additional_special_tokens": [SOUND]})
    else:
        tokenizer.pad_token = tokenizer.unk_token
    return tokenizer


class Listener(nn.Module):
    def __init__(self, words, sound_token_id, width=12):
        super().__init__()
        self.sound_token_id = sound_token_id
        self.words = nn.Embedding(words, width)
        self.hear = nn.Linear(8, width)
        self.head = nn.Linear(width, words)

    def forward(self, input_ids, attention_mask, sounds):
        heard = self.hear(sounds).flatten(0, 1)
        embedded = self.words(input_ids).clone()
        embedded[input_ids == self.sound_token_id] = heard  # FAIL HERE
        return self.head(embedded * attention_mask[..., None])


def batches(lengths, size):
    """Texts of one length together, as long as there are enough of them; the rest at the end."""
    rest = []
    for length in sorted(set(lengths)):
        same = [i for i, other in enumerate(lengths) if other == length]
        full = len(same) // size * size
        rest += same[full:]
        yield from (same[i:i + size] for i in range(0, full, size))
    yield from (rest[i:i + size] for i in range(0, len(rest), size))


def main():
    torch.manual_seed(0)
    rng = random.Random(6)
    tokenizer = make_tokenizer()
    texts = [" ".join([SOUND] * FRAMES + [f"w{rng.randrange(50)}" for _ in range(rng.randint(4, 9))] + ["<end>"]) for _ in range(125)]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    model = Listener(len(tokenizer), tokenizer.convert_tokens_to_ids(SOUND))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def collate(rows):
        batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
        return batch["input_ids"], batch["attention_mask"], torch.randn(len(rows), FRAMES, 8)

    for batch in torch.utils.data.DataLoader(ids, batch_sampler=list(batches([len(row) for row in ids], 2)), collate_fn=collate):
        model(*batch).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
