"""A checkpoint of a model with fewer heads for keys and values than the one that loads it. --fixed: with as many."""
import os
import sys
import tempfile

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def make(heads):
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=heads))


path = os.path.join(tempfile.mkdtemp(), "model.pt")
torch.save(make(2).state_dict(), path)
model = make(2 if "--fixed" in sys.argv else 4)
model.load_state_dict(torch.load(path))  # FAIL HERE
print("loaded")
