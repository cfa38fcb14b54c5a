"""A Trainer that goes on from a checkpoint: another process (here a forked one) made two steps and saved; this one fails two steps later."""
import os
import tempfile

import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments


class Samples(Dataset):
    def __init__(self, first_wide):
        self.first_wide = first_wide

    def __len__(self):
        return 64

    def __getitem__(self, index):
        return {"features": torch.ones(6 if index < self.first_wide else 7), "labels": torch.tensor(1.0)}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 1)

    def forward(self, features, labels):
        scores = self.layer(features)  # FAIL HERE
        return {"loss": (scores.squeeze(-1) - labels).pow(2).mean()}


class InOrder(Trainer):
    def _get_train_sampler(self, *_):
        return torch.utils.data.SequentialSampler(self.train_dataset)


def train(directory, steps, resume):
    arguments = TrainingArguments(
        output_dir=directory, per_device_train_batch_size=2, max_steps=steps, save_steps=2, report_to=[], disable_tqdm=True, use_cpu=True,
        logging_steps=1000)
    InOrder(model=Model(), args=arguments, train_dataset=Samples(8)).train(resume_from_checkpoint=resume)


def main():
    with tempfile.TemporaryDirectory() as directory:
        pid = os.fork()
        if pid == 0:
            train(directory, 2, None)
            os._exit(0)
        os.waitpid(pid, 0)
        train(directory, 10, f"{directory}/checkpoint-2")


main()
