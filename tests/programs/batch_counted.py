"""A data loader in the process itself, whose batch 7 of the second epoch fails within the model."""
import sys

import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)


class Words(torch.utils.data.Dataset):
    wrong = False

    def __len__(self):
        return 100

    def __getitem__(self, i):
        return {"input_ids": torch.full((6,), 50 if i == 57 and self.wrong else i % 50), "labels": torch.tensor(i % 3)}


def plain():
    net = nn.Sequential(nn.Embedding(50, 8), nn.Flatten(), nn.Linear(48, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    data = Words()
    held = torch.utils.data.DataLoader(data, batch_size=5)
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    for data.wrong in (False, True):
        for batch in held:
            net(batch["input_ids"].clamp(max=49))
        for batch in loader:
            loss = nn.functional.cross_entropy(net(batch["input_ids"]), batch["labels"])  # FAIL HERE
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


def trainer():
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

    class InOrder(Trainer):
        def _get_train_sampler(self, *arguments):
            return torch.utils.data.SequentialSampler(self.train_dataset)

    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=3)
    data = Words()
    data.wrong = True
    arguments = TrainingArguments("unused", per_device_train_batch_size=8, gradient_accumulation_steps=2, report_to=[], save_strategy="no", use_cpu=True,
                                  disable_tqdm=True)
    InOrder(BertForSequenceClassification(config), arguments, train_dataset=data).train()  # TRAIN HERE


trainer() if "trainer" in sys.argv else plain()
