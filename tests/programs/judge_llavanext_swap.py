"""LLaVA-NeXT: places are counted by the processor's own rule, but (width, height) is handed to the model as image_sizes."""
import sys

import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaNextConfig, LlavaNextForConditionalGeneration
from transformers.models.llava_next.modeling_llava_next import get_anyres_image_grid_shape

IMAGE, SIDE, PATCH = 60, 16, 4
GRIDS = [[16, 32], [32, 16], [32, 32]]


def places(height, width):
    """Base picture and the unpadded grid with a newline after each row, as the processor counts them."""
    rows, columns = get_anyres_image_grid_shape((height, width), GRIDS, SIDE)
    side = SIDE // PATCH
    high, wide = rows * side, columns * side
    if width / height > wide / high:
        new = int(round(height * (wide / width), 7))
        high -= 2 * ((high - new) // 2)
    else:
        new = int(round(width * (high / height), 7))
        wide -= 2 * ((wide - new) // 2)
    return side * side + high * (wide + 1)


def batch(step, height, width):
    ids = [3 + (step + k) % 50 for k in range(4 + step % 9)] + [IMAGE] * places(height, width) + [2]
    rows, columns = get_anyres_image_grid_shape((height, width), GRIDS, SIDE)
    sizes = [height, width] if "--fixed" in sys.argv else [width, height]
    return {"input_ids": torch.tensor([ids]), "pixel_values": torch.rand(1, 1 + rows * columns, 3, SIDE, SIDE), "image_sizes": torch.tensor([sizes]),
            "labels": torch.tensor([[-100 if i == IMAGE else i for i in ids]])}


torch.manual_seed(0)
config = LlavaNextConfig(
    vision_config=CLIPVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=SIDE, patch_size=PATCH, projection_dim=16),
    text_config=LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, pad_token_id=0),
    image_token_id=IMAGE, image_grid_pinpoints=GRIDS, vision_feature_layer=-1)
model = LlavaNextForConditionalGeneration(config)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
for step in range(64):
    height, width = (24, 32) if step == 60 else (20 + 4 * (step % 3),) * 2
    model(**batch(step, height, width)).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print("done", flush=True)
