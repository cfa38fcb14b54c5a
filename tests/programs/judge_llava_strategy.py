"""LLaVA: batches of text first, then with pictures, whose places are counted without the class token that the model keeps."""
import sys

import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

FIXED = "--fixed" in sys.argv
IMAGE, SIZE, PATCH = 2, 32, 8
TEXT_STEPS = 60


def places(strategy):
    patches = (SIZE // PATCH) ** 2
    return patches + 1 if strategy == "full" else patches


def build():
    vision = CLIPVisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=SIZE,
                              patch_size=PATCH, projection_dim=16)
    text = LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                       num_key_value_heads=2, max_position_embeddings=256)
    return LlavaForConditionalGeneration(LlavaConfig(vision_config=vision, text_config=text, image_token_id=IMAGE,
                                                     vision_feature_select_strategy="full", vision_feature_layer=-1))


def main():
    torch.manual_seed(0)
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(TEXT_STEPS + 3):
        ids = torch.randint(3, 64, (2, 6 + step % 7))
        batch = {"input_ids": ids}
        if step >= TEXT_STEPS:
            count = places("full" if FIXED else "default")
            batch = {"input_ids": torch.cat([torch.full((2, count), IMAGE), ids], dim=1), "pixel_values": torch.randn(2, 3, SIZE, SIZE)}
        loss = model(**batch, labels=batch["input_ids"]).loss  # CALLED HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


main()
