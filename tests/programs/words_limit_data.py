"""Texts as numbers, cut to MAX_WORDS, with a mask that isn't."""
import torch

MAX_WORDS = 20  # LIMIT


class Collator:
    def __init__(self, cut_masks):
        self.cut_masks = cut_masks

    def __call__(self, texts):
        ids, masks = [], []
        for text in texts:
            words = text.split()
            kept = words[:MAX_WORDS]
            numbers = [int(w[1:]) for w in kept]
            ids.append(torch.tensor(numbers))
            masks.append(torch.ones(len(kept if self.cut_masks else words)))
        return {"ids": self.pad(ids), "mask": self.pad(masks)}

    def pad(self, rows):
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
