# Spans of notes in a text are found by two marker tokens; one of them was never added to the vocabulary. --fixed adds it.
import random
import sys

import torch
from torch import nn

WORDS = "the note begins here and ends there with some more words".split()


class Tokenizer:
    def __init__(self, added):
        self.ids = {token: i for i, token in enumerate(["<pad>", "<unk>"] + WORDS + added)}
        self.note_start_id = self.find("<note>")
        self.note_end_id = self.find("</note>")

    def find(self, word):
        return self.ids.get(word, self.ids["<unk>"])

    def __call__(self, text):
        return torch.tensor([self.find(word) for word in text.split()])


class Spans(nn.Module):
    def __init__(self, tokenizer):
        super().__init__()
        self.tokenizer = tokenizer
        self.embed = nn.Embedding(len(tokenizer.ids), 8)
        self.head = nn.Linear(8, 1)

    def forward(self, ids):
        starts = torch.where(ids == self.tokenizer.note_start_id)[0]
        ends = torch.where(ids == self.tokenizer.note_end_id)[0]
        bounds = torch.stack([starts, ends])  # FAIL HERE
        hidden = self.embed(ids)
        return self.head(torch.stack([hidden[b:e + 1].mean(0) for b, e in bounds.t().tolist()]))


def main():
    rng = random.Random(1)
    torch.manual_seed(0)
    model = Spans(Tokenizer(["<note>", "</note>"] if "--fixed" in sys.argv else ["<note>"]))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for step in range(60):
        words = [rng.choice(WORDS) for _ in range(rng.randint(4, 12))]
        if step == 50:
            words.append("unheard")
        words[2:2] = ["<note>", "words", "</note>"]
        model(model.tokenizer(" ".join(words))).sum().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
