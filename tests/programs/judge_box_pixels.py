"""Words of scanned forms with their boxes in pixels: small scans fit the tables that the model has for 0 to 1000, a large one doesn't."""
import random
import sys

import torch
from transformers import LayoutLMv3Config, LayoutLMv3Model

FIXED, FIRST = "--fixed" in sys.argv, "--first" in sys.argv
SMALL, LARGE = (612, 792), (1240, 1754)


def read(count=16):
    rng = random.Random(5)
    for i in range(count):
        wide, high = LARGE if i == (0 if FIRST else count - 1) else SMALL
        boxes = []
        for n in range(rng.randint(5, 9)):
            x, y = (wide - 80 if n == 2 else rng.randint(0, wide - 80)), rng.randint(0, high // 2)
            box = [x, y, x + rng.randint(10, 79), y + rng.randint(8, 19)]
            boxes.append([1000 * v // side for v, side in zip(box, (wide, high) * 2)] if FIXED else box)
        yield [rng.randint(3, 49) for _ in boxes], boxes


def main():
    torch.manual_seed(0)
    model = LayoutLMv3Model(LayoutLMv3Config(vocab_size=50, hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24, visual_embed=False,
                                             max_position_embeddings=16, coordinate_size=4, shape_size=4))
    for ids, boxes in read():
        bbox = torch.tensor([boxes])  # ORIGIN
        model(input_ids=torch.tensor([ids]), bbox=bbox).last_hidden_state.mean().backward()  # FAIL HERE
    print("done", flush=True)


main()
