"""Token weights for a masked loss; the tokenizer pads to a multiple of 8 for the tensor cores, the weights are mine."""
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

words = [f"w{i}" for i in range(40)]
vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]"] + words)}
raw = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
raw.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]")


def chunks(count):
    """The stream of all texts in pieces of 16, and what is left of it at the end."""
    return [[words[(i * 7 + k) % 40] for k in range(16)] for i in range(count)] + [words[:11]]


def collate(rows):
    encoded = [tokenizer(" ".join(row)) for row in rows]
    batch = tokenizer.pad(encoded, pad_to_multiple_of=8, return_tensors="pt")  # ROUNDED
    weights = [torch.linspace(0.5, 1.5, len(one["input_ids"])) for one in encoded]  # ORIGIN
    if "--fixed" in sys.argv:
        width = batch["input_ids"].shape[1]
        weights = [F.pad(w, (0, width - len(w))) for w in weights]
    return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "weights": pad_sequence(weights, batch_first=True)}


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=42, n_embd=16, n_layer=1, n_head=2, n_positions=32, bos_token_id=0, eos_token_id=0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for batch in DataLoader(chunks(80), 1, collate_fn=collate):
        logits = model(batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
        loss = F.cross_entropy(logits.transpose(1, 2), batch["input_ids"], reduction="none")
        loss = (loss * batch["weights"]).mean()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
