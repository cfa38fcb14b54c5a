"""A table of positions built for 24, words that another object cuts or fills to its own 16. With --fixed that is 24, too."""
import sys

import torch

FIXED = "--fixed" in sys.argv


class Words:
    def __init__(self, context_length):
        self.context_length = context_length

    def __call__(self, texts):
        result = torch.zeros(len(texts), self.context_length, dtype=torch.long)
        for i, text in enumerate(texts):
            words = [1 + ord(c) % 40 for c in text][: self.context_length]
            result[i, : len(words)] = torch.tensor(words)
        return result


class Text(torch.nn.Module):
    def __init__(self, context_length=24):
        super().__init__()
        self.words = torch.nn.Embedding(41, 8)
        self.positions = torch.nn.Parameter(torch.empty(context_length, 8))
        torch.nn.init.normal_(self.positions)

    def forward(self, ids):
        x = self.words(ids)
        return x + self.positions  # FAIL HERE


def main():
    torch.manual_seed(0)
    words = Words(context_length=16)
    if FIXED:
        words.context_length = 24
    model = Text()
    print(model(words(["a red car", "a dog on the grass", "small"])).shape)


if __name__ == "__main__":
    main()
