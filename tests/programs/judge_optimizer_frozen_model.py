"""The model of judge_optimizer_frozen.py."""
from torch import nn


class Adapted(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.base = nn.Linear(width, width)
        self.lora_A = nn.Linear(width, 2, bias=False)
        self.lora_B = nn.Linear(2, width, bias=False)

    def forward(self, x):
        return self.base(x) + self.lora_B(self.lora_A(x))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(40, 16)
        self.layers = nn.Sequential(Adapted(16), nn.GELU(), Adapted(16))
        self.head = nn.Linear(16, 40)

    def forward(self, ids):
        return self.head(self.layers(self.embed(ids)))


def new_model():
    model = Model()
    for name, param in model.named_parameters():
        param.requires_grad = "lora_" in name or name.startswith("head")
    return model


def load_model(state, trained):
    model = Model()
    model.load_state_dict(state)
    for name, param in model.named_parameters():
        if trained is None:
            param.requires_grad = "lora_" in name
        else:
            param.requires_grad_(any(word in name for word in trained))
    return model
