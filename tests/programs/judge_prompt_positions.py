"""GPT-2 with captions behind features of a picture: text that fits the positions alone doesn't with the picture's in front of it."""
import random
import sys
from dataclasses import dataclass

import torch
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

torch.set_num_threads(1)
torch.manual_seed(0)
random.seed(0)


@dataclass
class Args:
    max_positions: int = 48
    picture_tokens: int = 9


class Captioner(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.decoder = GPT2LMHeadModel(GPT2Config(vocab_size=60, n_positions=args.max_positions, n_embd=16, n_layer=1, n_head=2))
        self.project = nn.Linear(12, 16)

    def forward(self, picture, ids):
        words = self.decoder.get_input_embeddings()(ids)
        features = torch.cat([self.project(picture), words], dim=1)
        return self.decoder(inputs_embeds=features).logits[:, picture.shape[1]:]


def captions(count, longest):
    for number in range(count):
        length = 44 if number == 120 else random.randint(4, 30)
        yield torch.randint(0, 60, (2, length))[:, :longest]


def main():
    args = Args()
    model = Captioner(args)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    longest = args.max_positions - (args.picture_tokens if "--fixed" in sys.argv else 0)
    for ids in captions(130, longest):
        logits = model(torch.rand(2, args.picture_tokens, 12), ids)
        nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 60), ids[:, 1:].reshape(-1)).backward()
        optimizer.step()
        optimizer.zero_grad()


main()
