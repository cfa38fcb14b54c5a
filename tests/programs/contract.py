"""A small training with batches of varying length. Its arguments change one thing each."""
import random
import sys

import torch

WIDTH = 24 if "width" in sys.argv else 16
SEED = 7 if "seed" in sys.argv else 3


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(50, 8)
        self.blocks = torch.nn.Sequential(torch.nn.Linear(8, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 8))
        self.norm = torch.nn.LayerNorm(8)
        self.head = torch.nn.Linear(8, 4)

    def forward(self, ids):
        hidden = self.blocks(self.embed(ids))
        if "skip" not in sys.argv:
            hidden = self.norm(hidden)
        if len(ids[0]) == 11:  # now and then
            hidden = hidden.tanh()
        return self.head(hidden.mean(1))


def main():
    random.seed(SEED)
    torch.manual_seed(SEED)
    net = Net()
    if "half" in sys.argv:
        net = net.bfloat16()
    if "meta" in sys.argv:
        net = net.to("meta")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, foreach=False)
    device = "meta" if "meta" in sys.argv else "cpu"
    for step in range(random.randint(6, 9)):
        ids = torch.randint(0, 50, (2, random.randint(5, 12)))
        for text in ids[0][: random.randint(1, 3)]:  # as often as there is text
            text.add(1)
        labels = torch.zeros(2, dtype=torch.int64)
        loss = torch.nn.functional.cross_entropy(net(ids.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 3 == 0:
            print(step, flush=True)


main()
