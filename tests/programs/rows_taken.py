"""A metric at the end of an evaluation has fewer predictions than labels: the loop keeps what follows the loss among the outputs, and is given a tensor alone,
of which it so drops the first row of each batch. With --fixed the model returns both."""
import sys

import numpy as np
import torch
from torch import nn

FIXED = "--fixed" in sys.argv


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(12, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, words, tags):
        scores = self.head(self.table(words))
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), tags.flatten())
        return (loss, scores) if FIXED or self.training else scores


def batches(words, tags, size):
    return zip(words.split(size), tags.split(size))


def predict(outputs):
    kept = outputs[1:]
    return kept[0] if isinstance(kept, tuple) else kept


@torch.no_grad()
def evaluate(model, words, tags):
    model.eval()
    predicted, wanted = [], []
    for some, theirs in batches(words, tags, 8):
        predicted.append(predict(model(some, theirs)).argmax(-1).numpy())
        wanted.append(theirs.numpy())
    model.train()
    return score(np.concatenate(predicted), np.concatenate(wanted))


def score(predicted, wanted):
    predicted, wanted = torch.from_numpy(predicted).flatten(), torch.from_numpy(wanted).flatten()
    return (predicted == wanted).float().mean().item()  # FAIL HERE


def main():
    torch.manual_seed(0)
    model = Tagger()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    words, tags = torch.randint(0, 12, (64, 5)), torch.randint(0, 3, (64, 5))
    for some, theirs in batches(words[:44], tags[:44], 4):
        loss, _ = model(some, theirs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("right", evaluate(model, words[44:], tags[44:]))


if __name__ == "__main__":
    main()
