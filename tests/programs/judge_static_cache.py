"""Answers are generated into a cache of fixed length; one prompt leaves less room than the number of new tokens."""
import argparse

import torch
from transformers import LlamaConfig, LlamaForCausalLM, StaticCache


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-cache-len", type=int, default=48)
    parser.add_argument("--max-new-tokens", type=int, default=12)
    parser.add_argument("--fixed", action="store_true")
    args = parser.parse_args()
    if args.fixed:
        args.max_cache_len = 64
    return args


@torch.no_grad()
def answer(model, prompt, args):
    cache = StaticCache(config=model.config, max_cache_len=args.max_cache_len)
    ids = prompt
    for _ in range(args.max_new_tokens):
        logits = model(input_ids=ids, past_key_values=cache, use_cache=True).logits
        ids = logits[:, -1:].argmax(-1)
    return ids


def main():
    args = parse()
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                         num_key_value_heads=1, max_position_embeddings=256)
    model = LlamaForCausalLM(config).eval()
    for number in range(25):
        length = 41 if number == 22 else 5 + number % 20
        answer(model, torch.randint(0, 64, (1, length)), args)
    print("done", flush=True)


main()
