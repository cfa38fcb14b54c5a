"""Fine-tunes a chat model after tokens were added, saves it, and loads it into a model that is as it was before."""
import sys

import torch
from transformers import LlamaConfig, LlamaForCausalLM

FIXED = "--fixed" in sys.argv
TOKENS, ADDED = 97, 3


def base():
    return LlamaForCausalLM(LlamaConfig(vocab_size=TOKENS, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4,
                                        tie_word_embeddings=False))


def train():
    model = base()
    model.resize_token_embeddings(TOKENS + ADDED)  # ORIGIN
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(4):
        ids = torch.randint(0, TOKENS + ADDED, (2, 5 + step))
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.state_dict()


def infer(saved):
    model = base()  # MODEL
    if FIXED:
        model.resize_token_embeddings(TOKENS + ADDED)
    model.load_state_dict(saved)  # FAIL HERE
    print(tuple(model(input_ids=torch.arange(7)[None]).logits.shape))


torch.manual_seed(0)
infer(train())
