"""Fine-tunes in two stages, with an average of the weights; the second stage has other classes."""
import sys

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import ViTConfig, ViTForImageClassification

torch.manual_seed(0)
torch.set_num_threads(1)


class Trainer:
    def __init__(self, model):
        self.model = model
        self.begin()
        self.follow()

    def begin(self):
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)

    def follow(self):
        self.average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(0.9))  # COPY

    def change_classes(self, classes):
        self.model.classifier = torch.nn.Linear(self.model.config.hidden_size, classes)  # REPLACED
        self.begin()
        if "--fixed" in sys.argv:
            self.follow()

    def train(self, classes, steps):
        for step in range(steps):
            images = torch.randn(2 + step % 3, 3, 16, 16)
            logits = self.model(images).logits
            loss = torch.nn.functional.cross_entropy(logits, torch.randint(0, classes, (len(images),)))
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.average.update_parameters(self.model)  # FAIL HERE


def main():
    config = ViTConfig(image_size=16, patch_size=8, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, num_labels=10)
    trainer = Trainer(ViTForImageClassification(config))
    trainer.train(10, 12)
    trainer.change_classes(6)
    trainer.train(6, 8)
    print("done")


main()
