"""A tagger on packed sequences: a word that the vocabulary doesn't know gets number 0, which is the padding's, in the longest sentence."""
import random
import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD, UNKNOWN = 0, 40


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(41, 8, padding_idx=PAD)
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, tokens):
        lengths = (tokens != PAD).sum(1)
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        return self.out(pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0])


def main():
    torch.manual_seed(0)
    rng = random.Random(0)
    unknown = UNKNOWN if "fixed" in sys.argv else PAD
    model = Tagger()
    optimizer = torch.optim.SGD(model.parameters(), 1e-2)
    for step in range(60):
        sentences = [[rng.randint(1, 39) for _ in range(rng.randint(3, 12))] for _ in range(4)]
        if step == 50:
            sentences[1] = [rng.randint(1, 39) for _ in range(15)]
            sentences[1][6] = unknown
        tokens = pad_sequence([torch.tensor(s) for s in sentences], batch_first=True, padding_value=PAD)
        tags = pad_sequence([torch.tensor([w % 3 for w in s]) for s in sentences], batch_first=True, padding_value=-100)
        logits = model(tokens)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), tags.flatten())  # FAIL HERE
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


main()
