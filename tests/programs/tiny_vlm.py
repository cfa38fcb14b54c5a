"""A Qwen2-VL small enough for a test: the real architecture, random weights, sizes in tens.

Two flavours: the library's own model, and one whose forward places image features as older training code did,
by assigning through a mask.
"""
import torch
from peft import LoraConfig, get_peft_model
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

VISION_START, VISION_END, IMAGE_PAD, VIDEO_PAD = 120, 121, 122, 123
HIDDEN = 32
PATCH, TEMPORAL, MERGE = 4, 2, 2


def tiny_config():
    return Qwen2VLConfig(
        text_config={
            "vocab_size": 128, "hidden_size": HIDDEN, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]},
            "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
        },
        vision_config={
            "depth": 2, "embed_dim": 16, "hidden_size": HIDDEN, "num_heads": 2, "mlp_ratio": 2,
            "patch_size": PATCH, "temporal_patch_size": TEMPORAL, "spatial_merge_size": MERGE, "in_channels": 3,
        },
        image_token_id=IMAGE_PAD, video_token_id=VIDEO_PAD,
        vision_start_token_id=VISION_START, vision_end_token_id=VISION_END, tie_word_embeddings=False,
    )


class MaskedAssignQwen2VL(Qwen2VLForConditionalGeneration):
    """Image features go into the text by `inputs_embeds[image_mask] = image_embeds`."""

    def forward(self, input_ids=None, attention_mask=None, labels=None, pixel_values=None, image_grid_thw=None,
                mm_token_type_ids=None, **kwargs):
        inputs_embeds = self.model.language_model.embed_tokens(input_ids)
        position_ids = None
        if pixel_values is not None:
            pixel_values = pixel_values.type(self.model.visual.dtype)
            image_embeds = self.model.visual(pixel_values, grid_thw=image_grid_thw).pooler_output
            image_mask = input_ids == self.config.image_token_id
            if self.training:
                inputs_embeds = inputs_embeds.clone()
            inputs_embeds[image_mask] = image_embeds  # FAIL HERE
            position_ids = self.model.compute_3d_position_ids(
                input_ids=input_ids, inputs_embeds=inputs_embeds, image_grid_thw=image_grid_thw,
                attention_mask=attention_mask, mm_token_type_ids=mm_token_type_ids)
        hidden = self.model.language_model(input_ids=None, inputs_embeds=inputs_embeds, position_ids=position_ids,
                                           attention_mask=attention_mask).last_hidden_state
        logits = self.lm_head(hidden)
        return self.loss_function(logits=logits, labels=labels, vocab_size=self.config.text_config.vocab_size), logits


def lora(model):
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0,
                                             target_modules=r".*language_model.*\.(q_proj|v_proj)"))
    model.train()
    return model


def tokens_of(grid):
    return grid[0] * grid[1] * grid[2] // MERGE**2


def encode(sample, cutoff_len):
    """Text and images of one sample as model inputs, the text cut to cutoff_len tokens."""
    generator = torch.Generator().manual_seed(sample["seed"])
    ids = torch.randint(3, 100, (sample["words"],), generator=generator).tolist()
    pixels = []
    for grid in sample["images"]:
        ids += [VISION_START] + [IMAGE_PAD] * tokens_of(grid) + [VISION_END]
        patches = grid[0] * grid[1] * grid[2]
        pixels.append(torch.randn(patches, 3 * TEMPORAL * PATCH * PATCH, generator=generator))
    ids += torch.randint(3, 100, (sample["words"],), generator=generator).tolist()
    return ids[:cutoff_len], pixels, sample["images"]


def collate(samples, cutoff_len):
    encoded = [encode(sample, cutoff_len) for sample in samples]
    longest = max(len(ids) for ids, _, _ in encoded)
    input_ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _, _ in encoded])
    return {
        "input_ids": input_ids,
        "attention_mask": (input_ids != 0).long(),
        "labels": input_ids.masked_fill((input_ids == 0) | (input_ids == IMAGE_PAD), -100),
        "mm_token_type_ids": (input_ids == IMAGE_PAD).int(),
        "pixel_values": torch.cat([p for _, pixels, _ in encoded for p in pixels]),
        "image_grid_thw": torch.tensor([grid for _, _, grids in encoded for grid in grids]),
    }
