"""Goes on with a saved run, with a head for more classes."""
import argparse
import io

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--fixed", action="store_true")
args = parser.parse_args()
torch.manual_seed(3)
torch.set_num_threads(1)


class Tagger(nn.Module):
    def __init__(self, tags, width=16, layers=4):
        super().__init__()
        self.words = nn.Embedding(50, width)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(width, 2, 32, batch_first=True), layers)
        self.tags = nn.Linear(width, tags)  # MADE

    def forward(self, ids):
        return self.tags(self.encoder(self.words(ids)))


def make_optimizer(model):
    return torch.optim.AdamW(model.parameters(), lr=1e-3, foreach=True)


def train(model, optimizer, tags, steps):
    for _ in range(steps):
        ids = torch.randint(0, 50, (4, int(torch.randint(5, 9, (1,)))))
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), torch.randint(0, tags, (ids.numel(),)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()  # FAIL HERE


def first_run():
    model = Tagger(9)
    optimizer = make_optimizer(model)
    train(model, optimizer, 9, 12)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    return file


def second_run(file, tags):
    saved = torch.load(file)  # LOADED
    model = Tagger(tags)
    weights = {name: weight for name, weight in saved["model"].items() if not name.startswith("tags.")}
    model.load_state_dict(weights, strict=False)
    optimizer = make_optimizer(model)
    state = saved["optimizer"]
    if args.fixed:
        parameters = list(model.parameters())
        state["state"] = {n: entry for n, entry in state["state"].items() if entry["exp_avg"].shape == parameters[n].shape}
    optimizer.load_state_dict(state)
    train(model, optimizer, tags, 20)


second_run(first_run(), 12)
print("done")
