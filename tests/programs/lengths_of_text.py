"""CTC: targets leave out the characters that the vocabulary lacks, their lengths are those of the texts. --fixed: of what was encoded."""
import random
import sys

import torch
from torch import nn

VOCABULARY = {letter: i + 1 for i, letter in enumerate("abcdefghij")}


def main():
    rng = random.Random(0)
    torch.manual_seed(0)
    model = nn.Linear(8, 11)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(320):
        letters = "abcdefghij" + ("-" if step > 300 else "")
        texts = ["".join(rng.choice(letters) for _ in range(rng.randint(3, 7))) for _ in range(3)]
        encoded = [[VOCABULARY[letter] for letter in text if letter in VOCABULARY] for text in texts]
        lengths = torch.tensor([len(ids) for ids in (encoded if "--fixed" in sys.argv else texts)])
        targets = torch.tensor([i for ids in encoded for i in ids])
        scores = model(torch.randn(20, 3, 8)).log_softmax(-1)
        loss = nn.functional.ctc_loss(scores, targets, torch.full((3,), 20), lengths)  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("trained")


main()
