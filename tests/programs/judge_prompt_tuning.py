"""Prompt tuning with a loss of one's own: the logits hold the virtual tokens, too, and the labels don't."""
import sys

import torch
from peft import PromptTuningConfig, TaskType, get_peft_model
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

FIXED = "--fixed" in sys.argv
VIRTUAL_TOKENS = 6


def main():
    torch.manual_seed(0)
    base = GPT2LMHeadModel(GPT2Config(vocab_size=60, n_positions=64, n_embd=16, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=2))
    optimizer = torch.optim.AdamW(base.parameters(), lr=1e-3)
    model = base
    for step in range(260):
        if step == 250:
            model = get_peft_model(base, PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=VIRTUAL_TOKENS))
            optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
        input_ids = torch.randint(3, 60, (2, 5 + step % 20))
        labels = input_ids[:, 1:]
        logits = model(input_ids=input_ids).logits[:, :-1]
        if FIXED:
            logits = logits[:, -labels.shape[1]:]
        loss = nn.functional.cross_entropy(logits.reshape(-1, 60), labels.reshape(-1))  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
