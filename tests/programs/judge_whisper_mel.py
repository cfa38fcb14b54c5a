"""Whisper on own recordings with own mel features."""
import sys

import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

torch.manual_seed(0)
model = WhisperForConditionalGeneration(WhisperConfig(
    vocab_size=80, num_mel_bins=16, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=48, max_source_positions=60,
    max_target_positions=32, decoder_start_token_id=1, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    suppress_tokens=None, begin_suppress_tokens=None))


def features(wave, hop=160, bins=16):
    frames = wave.unfold(0, hop, hop)  # ORIGIN
    return torch.stack([frames.float().pow(2).mean(1).log1p()] * bins)


length = 19200 if "--fixed" in sys.argv else 16000
batch = torch.stack([features(torch.randn(length)), features(torch.randn(length))])
loss = model(input_features=batch, labels=torch.randint(3, 80, (2, 7))).loss
loss.backward()
