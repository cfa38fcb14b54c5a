"""Two stages: the second has sharper pictures, so other positions than were saved. --fixed: pictures as large as before."""
import sys
import tempfile

from transformers import ViTConfig, ViTModel

STAGE1 = {"image_size": 32}
STAGE2 = {"image_size": 32 if "--fixed" in sys.argv else 48}


def config_for(stage):
    return ViTConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=stage["image_size"], patch_size=8)


def next_stage(folder, config):
    return ViTModel.from_pretrained(folder, config=config)


def main():
    with tempfile.TemporaryDirectory() as folder:
        ViTModel(config_for(STAGE1)).save_pretrained(folder)
        next_stage(folder, config_for(STAGE2))
    print("loaded", flush=True)


if __name__ == "__main__":
    main()
