"""Tokenised sentences into a tensor with a Hugging Face collator; only the labels are mine."""
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForTokenClassification, DataCollatorForTokenClassification, DataCollatorWithPadding, PreTrainedTokenizerFast

words = [f"w{i}" for i in range(50)]
vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]"] + words)}
raw = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
raw.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]")

samples = []
for i in range(160):
    text = " ".join(words[(i + k) % 50] for k in range(9 if i < 120 else 5 + i % 7))
    encoded = tokenizer(text)
    encoded["labels"] = [k % 3 for k in range(len(encoded["input_ids"]))]
    samples.append({k: encoded[k] for k in ("input_ids", "attention_mask", "labels")})
collate = DataCollatorForTokenClassification(tokenizer) if "--fixed" in sys.argv else DataCollatorWithPadding(tokenizer)
model = BertForTokenClassification(BertConfig(vocab_size=len(vocab), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                                              intermediate_size=16, num_labels=3))
opt = torch.optim.AdamW(model.parameters())
for batch in DataLoader(samples, batch_size=8, collate_fn=collate):  # FAIL HERE
    loss = model(**batch).loss
    loss.backward()
    opt.step()
    opt.zero_grad()
print("ok", flush=True)
