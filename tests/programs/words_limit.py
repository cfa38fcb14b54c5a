"""Averages the words of texts; one text is longer than the limit, which another file knows."""
import random
import sys

import torch
from torch import nn
from words_limit_data import Collator

random.seed(2)
torch.manual_seed(0)
torch.set_num_threads(1)


def main():
    collator = Collator("--fixed" in sys.argv)
    net = nn.Embedding(50, 8)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(50):
        texts = [" ".join("w%d" % random.randrange(50) for _ in range(random.randrange(3, 19))) for _ in range(6)]
        if step == 40:
            texts[2] = " ".join("w1" for _ in range(26))
        batch = collator(texts)
        words = net(batch["ids"])
        pooled = (words * batch["mask"].unsqueeze(-1)).sum(1)  # FAIL HERE
        pooled.sum().backward()
        optimizer.step()
        optimizer.zero_grad()


main()
