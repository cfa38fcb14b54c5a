"""Long prompts go through Llama piece by piece with a growing cache; the caller counts positions from the start once too often."""
import sys

import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

FIXED = "--fixed" in sys.argv
CHUNK = 8


@torch.no_grad()
def prefill(model, ids, retry):
    cache = DynamicCache(config=model.config)
    for start in range(0, ids.shape[1], CHUNK):
        piece = ids[:, start:start + CHUNK]
        first = 0 if retry and not FIXED else start
        position_ids = torch.arange(first, start + piece.shape[1]).unsqueeze(0)  # ORIGIN
        logits = model(input_ids=piece, position_ids=position_ids, past_key_values=cache).logits
    return logits


def main():
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2)
    model = LlamaForCausalLM(config).eval()
    for number in range(120):
        prefill(model, torch.randint(0, 64, (1, 5 + 3 * (number % 12))), retry=number == 111)
    print("done", flush=True)


main()
