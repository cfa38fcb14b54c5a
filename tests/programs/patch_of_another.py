"""A picture's places in the text, counted by a preprocessor of another patch than the vision tower's. --fixed: of the tower's."""
import random
import sys

import torch
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM

IMAGE = 95


class Preprocessor:
    def __init__(self, patch_size=14, side=112):
        self.patch_size, self.side = patch_size, side

    def __call__(self, words):
        places = (self.side // self.patch_size) ** 2
        return {"input_ids": torch.tensor([[1] + [IMAGE] * places + words]), "pixel_values": torch.randn(1, 3, self.side, self.side)}


class Describer(nn.Module):
    def __init__(self):
        super().__init__()
        self.vision = CLIPVisionModel(CLIPVisionConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=112, patch_size=16))
        self.project = nn.Linear(16, 24)
        self.lm = LlamaForCausalLM(LlamaConfig(vocab_size=96, hidden_size=24, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2))

    def forward(self, input_ids, pixel_values):
        embeds = self.lm.get_input_embeddings()(input_ids)
        features = self.project(self.vision(pixel_values).last_hidden_state[:, 1:])
        where = (input_ids == IMAGE).unsqueeze(-1).expand_as(embeds)
        return self.lm(inputs_embeds=embeds.masked_scatter(where, features), labels=input_ids).loss  # FAIL HERE


def main():
    torch.manual_seed(0)
    random.seed(0)
    preprocess = Preprocessor(patch_size=16) if "--fixed" in sys.argv else Preprocessor()  # SET HERE
    model = Describer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(3):
        loss = model(**preprocess([random.randint(3, 90) for _ in range(12)]))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("trained")


main()
