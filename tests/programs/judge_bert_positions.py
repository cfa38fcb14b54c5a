"""Token classification with BERT: nobody truncates, and the 300th text is longer than the table of positions."""
import sys

import torch
from transformers import BertConfig, BertForTokenClassification

FIXED = "--fixed" in sys.argv


def encode(length, seed):
    ids = [2] + [5 + (seed + i) % 40 for i in range(length - 2)] + [3]
    return ids[:64] if FIXED else ids


def collate(rows):
    longest = max(map(len, rows))
    input_ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])  # ORIGIN
    return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long(), "labels": input_ids % 5}


def main():
    torch.manual_seed(0)
    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
                        max_position_embeddings=64, num_labels=5)
    model = BertForTokenClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(303):
        lengths = (80, 33) if step == 300 else (9 + step % 50, 12)
        batch = collate([encode(length, step) for length in lengths])
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
