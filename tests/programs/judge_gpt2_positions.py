"""Chats grow by a turn at a time; the one that outgrows GPT-2's position table ends the run."""
import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel

POSITIONS = 128 if "--fixed" in sys.argv else 64


def main():
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=60, n_positions=POSITIONS, n_embd=16, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=2)
    model = GPT2LMHeadModel(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(330):
        turns = 11 if step == 321 else 1 + step % 9
        input_ids = torch.randint(3, 60, (2, 7 * turns))
        model(input_ids=input_ids, labels=input_ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
