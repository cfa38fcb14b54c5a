"""Sorts texts by topic; the set that it is measured on has a topic that training lacks."""
import random
import sys

import torch
from torch import nn

random.seed(4)
torch.manual_seed(0)
torch.set_num_threads(1)


def rows(topics, count):
    return [(random.choice(topics), [random.randrange(40) for _ in range(6)]) for _ in range(count)]


def batches(data, codes):
    for start in range(0, len(data), 4):
        part = data[start:start + 4]
        yield torch.tensor([words for _, words in part]), torch.tensor([codes.get(topic, len(codes)) for topic, _ in part])


class Topics(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.words = nn.EmbeddingBag(40, 8)
        self.topics = nn.Linear(8, count)

    def forward(self, words, topics):
        return nn.functional.cross_entropy(self.topics(self.words(words)), topics)  # FAIL HERE


def main():
    train = rows(["rain", "snow", "wind"], 160)
    valid = rows(["rain", "snow", "wind", "hail"], 40)
    codes = {topic: i for i, topic in enumerate(sorted({topic for topic, _ in train}))}
    if "--fixed" in sys.argv:
        valid = [row for row in valid if row[0] in codes]
    net = Topics(len(codes))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for words, topics in batches(train, codes):
        net(words, topics).backward()
        optimizer.step()
        optimizer.zero_grad()
    net.eval()
    with torch.no_grad():
        print(sum(net(words, topics).item() for words, topics in batches(valid, codes)))


main()
