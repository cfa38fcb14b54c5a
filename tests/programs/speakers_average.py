"""A saved run goes on with more speakers; the average of its weights was saved for fewer."""
import argparse
import copy
import io

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--fixed", action="store_true")
args = parser.parse_args()
torch.manual_seed(5)
torch.set_num_threads(1)


class Voice(nn.Module):
    def __init__(self, speakers, width=12):
        super().__init__()
        self.speakers = nn.Embedding(speakers, width)
        self.mix = nn.Linear(2 * width, width)

    def grow(self, more):
        table = nn.Embedding(self.speakers.num_embeddings + more, self.speakers.embedding_dim)
        with torch.no_grad():
            table.weight[:self.speakers.num_embeddings] = self.speakers.weight
        self.speakers.weight.data = table.weight.data  # GROWN
        self.speakers.num_embeddings += more

    def forward(self, frames, who):
        return self.mix(torch.cat([frames, self.speakers(who).unsqueeze(1).expand_as(frames)], dim=-1))


class Average:
    """Decays towards the weights from step `start` on."""

    def __init__(self, model, start):
        self.start, self.weights = start, {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model, step):
        for name, p in model.named_parameters():
            if step >= self.start:
                average = self.weights[name]
                average.lerp_(p, 0.01)  # FAIL HERE


def train(model, average, steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step in range(steps):
        frames = torch.randn(3, int(torch.randint(4, 9, (1,))), 12)
        who = torch.randint(0, model.speakers.num_embeddings, (3,))
        model(frames, who).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        average.update(model, step)


def first_run():
    model = Voice(20)
    average = Average(model, 0)
    train(model, average, 10)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "average": average.weights}, file)
    file.seek(0)
    return file


def second_run(file):
    model = Voice(20)
    saved = torch.load(file)  # LOADED
    model.load_state_dict(saved["model"])
    model.grow(4)  # CALLED
    average = Average(model, 15)
    average.weights = copy.deepcopy(saved["average"])
    if args.fixed:
        table = average.weights["speakers.weight"]
        average.weights["speakers.weight"] = torch.cat([table, model.speakers.weight.detach()[len(table):]])
    train(model, average, 30)


second_run(first_run())
