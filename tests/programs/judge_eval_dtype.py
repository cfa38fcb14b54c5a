"""wav2vec2 trained in bfloat16: the recordings of training are brought to its dtype, those of evaluation are left as they are."""
import sys

import torch
from torch.utils.data import DataLoader
from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification

torch.set_num_threads(1)
torch.manual_seed(0)
DTYPE = torch.bfloat16


class Waves:
    def __init__(self, dtype=None):
        self.dtype = dtype

    def __call__(self, rows):
        waves = torch.stack([wave for wave, _ in rows])
        waves = waves / 32768
        waves = waves.to(self.dtype or waves.dtype)
        return {"input_values": waves, "labels": torch.tensor([label for _, label in rows])}


def loader(count, **settings):
    rows = [(torch.randint(-32768, 32768, (400,)), i % 3) for i in range(count)]
    return DataLoader(rows, batch_size=4, collate_fn=Waves(**settings))


def evaluate(model, batches):
    model.eval()
    total = 0.0
    for batch in batches:
        with torch.no_grad():
            total += model(**batch).loss.item()
    return total


def main():
    fixed = "--fixed" in sys.argv
    model = Wav2Vec2ForSequenceClassification(Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, conv_dim=(8, 8), conv_kernel=(10, 3), conv_stride=(5, 2),
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, num_labels=3, classifier_proj_size=8, apply_spec_augment=False)).to(DTYPE)
    train, dev = loader(24, dtype=DTYPE), loader(8, **({"dtype": DTYPE} if fixed else {}))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(2):
        model.train()
        for batch in train:
            model(**batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    print(f"{evaluate(model, train):.2f}")
    print(f"{evaluate(model, dev):.2f}")


main()
