"""Assigns features through a mask that selects fewer rows; and, before, fails where reading the index would be fatal."""
import os
import tempfile

import torch


def truncated():
    """An index in a mapped file that has lost its second page: PyTorch never gets as far as reading it."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(bytes(8192))
    index = torch.from_file(file.name, shared=True, size=1024, dtype=torch.int64)
    os.truncate(file.name, 4096)
    os.unlink(file.name)
    try:
        torch.cat([index.view(2, 512), torch.zeros(2, 3, 3, dtype=torch.int64)])
    except RuntimeError as error:
        print("survived:", str(error).split(":")[0])


def main():
    input_ids = torch.arange(24).reshape(2, 12) % 5
    labels = torch.tensor([4, -100, -100, 7, -1])
    image_grid_thw = torch.tensor([[1, 4, 6], [1, 2, 2]])
    image_mask = input_ids.eq(3)
    inputs_embeds, image_embeds = torch.zeros(2, 12, 8), torch.ones(7, 8)
    print("labels", len(labels), "images", len(image_grid_thw))
    inputs_embeds[image_mask] = image_embeds  # FAIL HERE


truncated()
main()
