"""A Trainer that accumulates gradients over two batches and evaluates every second step; one sample of the second evaluation is
longer than the model has positions for."""
import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

POSITIONS = 8


class Samples(Dataset):
    def __init__(self, lengths):
        self.lengths = lengths

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, index):
        ids = torch.arange(self.lengths[index]) % 11
        return {"ids": ids, "labels": ids}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(11, 6)
        self.positions = nn.Parameter(torch.zeros(1, POSITIONS, 6))
        self.head = nn.Linear(6, 11)
        self.evaluations = 0

    def forward(self, ids, labels):
        if not self.training:
            self.evaluations += 1
            if self.evaluations == 4:
                ids, labels = ids.repeat(1, 2)[:, :POSITIONS + 1], labels.repeat(1, 2)[:, :POSITIONS + 1]
        hidden = self.tokens(ids) + self.positions[:, :ids.shape[1]]  # FAIL HERE
        logits = self.head(hidden)
        return {"loss": nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), "logits": logits}


def main():
    torch.manual_seed(0)
    arguments = TrainingArguments(
        output_dir="out", per_device_train_batch_size=2, per_device_eval_batch_size=2, gradient_accumulation_steps=2, max_steps=10,
        eval_strategy="steps", eval_steps=2, report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True, seed=3)
    trainer = Trainer(model=Model(), args=arguments, train_dataset=Samples([8] * 64), eval_dataset=Samples([7] * 4))
    trainer.train()


if __name__ == "__main__":
    main()
