"""LoRA training of a Qwen2-VL on samples with several images, some of them longer than the length limit."""
import torch
from tiny_vlm import MaskedAssignQwen2VL, collate, lora, tiny_config

CUTOFF_LEN = 40

SAMPLES = [
    {"seed": 1, "words": 5, "images": [(1, 4, 4)]},
    {"seed": 2, "words": 6, "images": [(1, 4, 8)]},
    {"seed": 3, "words": 5, "images": [(1, 4, 4), (1, 4, 4)]},
    {"seed": 4, "words": 4, "images": [(1, 8, 4)]},
    {"seed": 5, "words": 6, "images": [(1, 4, 4)]},
    {"seed": 6, "words": 5, "images": [(1, 8, 8), (1, 8, 8), (1, 4, 8)]},
]


def main():
    torch.manual_seed(0)
    model = lora(MaskedAssignQwen2VL(tiny_config()))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for step in range(3):
        batch = collate(SAMPLES[2 * step:2 * step + 2], CUTOFF_LEN)
        loss, _ = model(**batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print(f"step {step} loss {loss.item():.4f}", flush=True)


if __name__ == "__main__":
    main()
