"""A head that was built for another width than the part before it makes: that part's configuration knows it."""
import sys

import torch
from torch import nn
from transformers import ConvNextConfig, ConvNextModel


class Classifier(nn.Module):
    def __init__(self, width):
        super().__init__()
        config = ConvNextConfig(image_size=32, patch_size=4, num_stages=2, hidden_sizes=[16, 40], depths=[1, 1])
        self.backbone = Backbone(ConvNextModel(config))
        self.head = nn.Linear(width, 5)

    def forward(self, images):
        features = self.backbone(images)
        return self.head(features)  # FAIL HERE


class Backbone(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.num_features = model.config.hidden_sizes[-1]

    def forward(self, images):
        return self.model(images).last_hidden_state.mean((2, 3))


torch.set_num_threads(1)
model = Classifier(40 if "--fixed" in sys.argv else 48)
model(torch.randn(2, 3, 32, 32))
