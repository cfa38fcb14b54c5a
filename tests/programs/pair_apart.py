"""Two texts of a pair are put together and encoded one after the other by the same lines, and are to be equally long. --fixed: the longer is cut."""
import random
import sys

import torch
from torch import nn


def pad(texts):
    return nn.utils.rnn.pad_sequence([torch.tensor(text) for text in texts], batch_first=True)


def main():
    torch.manual_seed(0)
    rng = random.Random(1)
    encode = nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 8))
    optimizer = torch.optim.SGD(encode.parameters(), lr=0.1)
    for step in range(60):
        length = rng.randint(4, 12)
        texts = [[[rng.randrange(1, 50) for _ in range(length)] for _ in range(3)] for _ in range(2)]
        if step == 50:
            texts[1] = [text + [7, 8, 9] for text in texts[1]]
        if "--fixed" in sys.argv:
            texts[1] = [text[:length] for text in texts[1]]
        one, other = [encode(pad(part)) for part in texts]
        loss = (one - other).square().mean()  # FAIL HERE
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
