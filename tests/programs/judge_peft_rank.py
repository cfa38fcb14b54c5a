"""An adapter of rank 8 is loaded into a model that was prepared with rank 4."""
import sys

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from transformers import LlamaConfig, LlamaForCausalLM

RANK = 8 if "--fixed" in sys.argv else 4


def build(rank):
    config = LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2)
    return get_peft_model(LlamaForCausalLM(config), LoraConfig(r=rank, target_modules=["q_proj", "v_proj"]))


def main():
    torch.manual_seed(0)
    trained = build(8)
    optimizer = torch.optim.AdamW([p for p in trained.parameters() if p.requires_grad], lr=1e-3)
    for step in range(40):
        ids = torch.randint(0, 64, (2, 4 + step % 9))
        trained(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    adapter = get_peft_model_state_dict(trained)
    resumed = build(RANK)
    set_peft_model_state_dict(resumed, adapter)  # FAIL HERE
    print("done", flush=True)


main()
