"""Speech commands with wav2vec2; one recording is nearly empty."""
import random
import sys
import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification

random.seed(2)
torch.manual_seed(2)
config = Wav2Vec2Config(vocab_size=20, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48,
                        conv_dim=(16, 16, 16), conv_kernel=(10, 3, 3), conv_stride=(5, 2, 2),
                        num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, num_labels=3,
                        classifier_proj_size=16, apply_spec_augment=False)
model = Wav2Vec2ForSequenceClassification(config)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)


def load(number):
    length = random.randint(400, 900)
    if number == 148 and "--fixed" not in sys.argv:
        length = 32
    return torch.randn(length)  # ORIGIN


for number in range(200):
    wave = load(number)
    wave = (wave - wave.mean()) / (wave.std() + 1e-7)
    out = model(wave.unsqueeze(0), labels=torch.tensor([number % 3]))
    out.loss.backward()
    optimizer.step()
    optimizer.zero_grad()
