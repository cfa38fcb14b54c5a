"""Tags of words for a tagger of word pieces: one word is split in two, so that its sequence has more tokens than labels. Or long ones are cut, their labels not."""
import random
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

FIXED, CUT = "--fixed" in sys.argv, "--cut" in sys.argv
WORDS = "the bank of river north meets city market team green house plan".split()
LIMIT = 13 if CUT else 40


def build_tokenizer():
    vocab = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "-", "up"] + WORDS)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


def read(count=40):
    rng = random.Random(2)
    for i in range(count):
        words = [rng.choice(WORDS) for _ in range(rng.randint(4, 12))]
        if i == count - 2:
            words = [rng.choice(WORDS) for _ in range(15)]
            if not CUT:
                words[7] = "meets-up"
        yield words, [rng.randint(0, 3) for _ in words]


def encode(tokenizer, words, tags):
    row = tokenizer(words, is_split_into_words=True, truncation=True, max_length=LIMIT)
    row["labels"] = [tags[word] for word in row.word_ids()] if FIXED else tags
    return row


def collate(tokenizer, rows):
    batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows], return_tensors="pt")  # TOKENS
    width = max(len(row["labels"]) for row in rows)
    batch["labels"] = torch.tensor([row["labels"] + [-100] * (width - len(row["labels"])) for row in rows])  # LABELS
    return batch


def main():
    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    model = BertForTokenClassification(BertConfig(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
                                                  max_position_embeddings=40, num_labels=4))
    rows = [encode(tokenizer, words, tags) for words, tags in read()]
    for at in range(0, len(rows), 2):
        model(**collate(tokenizer, rows[at:at + 2])).loss.backward()  # FAIL HERE
    print("done", flush=True)


main()
