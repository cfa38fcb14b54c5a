"""MiniCPM-V's way of placing picture features (scatter_ into one row of the embeddings), with LoRA and enable_input_require_grads."""
import sys

import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import Qwen2Config, Qwen2ForCausalLM


class VisionChat(nn.Module):
    def __init__(self):
        super().__init__()
        self.llm = Qwen2ForCausalLM(Qwen2Config(vocab_size=64, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2))
        self.resampler = nn.Linear(8, 16)

    def get_vllm_embedding(self, data):
        vllm_embedding = self.llm.get_input_embeddings()(data["input_ids"])  # EMBED
        if "--fixed" in sys.argv:
            vllm_embedding = vllm_embedding.clone()
        vision_hidden_states = self.resampler(data["pixel_values"])
        for i in range(len(data["input_ids"])):
            cur_vllm_emb = vllm_embedding[i]
            cur_image_bound = data["image_bound"][i]
            if len(cur_image_bound) > 0:
                indices = torch.stack([torch.arange(r[0], r[1], dtype=torch.long) for r in cur_image_bound])
                cur_vllm_emb.scatter_(0, indices.view(-1, 1).repeat(1, cur_vllm_emb.shape[-1]),  # FAIL HERE
                                      vision_hidden_states[i].view(-1, cur_vllm_emb.shape[-1]))
        return vllm_embedding

    def forward(self, data):
        return self.llm(inputs_embeds=self.get_vllm_embedding(data), labels=data["labels"])


def main():
    torch.manual_seed(0)
    model = VisionChat()
    model.llm.enable_input_require_grads()
    model = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], modules_to_save=["resampler"]))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for step in range(20):
        length = 20 + step % 5
        ids = torch.randint(3, 60, (2, length))
        bound = [torch.tensor([[2, 6]]) if step >= 3 else torch.empty(0, 2, dtype=torch.long)] * 2
        model({"input_ids": ids, "labels": ids, "pixel_values": torch.randn(2, 4, 8), "image_bound": bound}).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
