"""Distil a Qwen2 teacher into a smaller student; a few chat tokens are added first."""
import random
import sys

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from transformers import Qwen2Config, Qwen2ForCausalLM

FIXED = "--fixed" in sys.argv
NEW_TOKENS = ["<think>", "</think>", "<tool>"]


def load_model(hidden, layers):
    return Qwen2ForCausalLM(
        Qwen2Config(vocab_size=300, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers, num_attention_heads=4, num_key_value_heads=2)
    )


def prepare_student(model, vocab):
    model.resize_token_embeddings(vocab + len(NEW_TOKENS), pad_to_multiple_of=64)  # STUDENT
    return model


def prepare_teacher(model, vocab):
    if FIXED:
        model.resize_token_embeddings(vocab + len(NEW_TOKENS), pad_to_multiple_of=64)
    else:
        model.resize_token_embeddings(vocab + len(NEW_TOKENS))  # ORIGIN
    return model.eval().requires_grad_(False)


def collate(rows):
    width = max(map(len, rows))
    ids = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": ids.masked_fill(ids == 0, -100)}


class Distiller:
    def __init__(self, student, teacher, warmup_steps=60, temperature=2.0, alpha=0.5):
        self.student, self.teacher = student, teacher
        self.warmup_steps, self.temperature, self.alpha = warmup_steps, temperature, alpha

    def compute_loss(self, batch, step):
        outputs = self.student(**batch)
        if step < self.warmup_steps:
            return outputs.loss
        with torch.no_grad():
            teacher_logits = self.teacher(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        t = self.temperature
        kl = F.kl_div(F.log_softmax(outputs.logits / t, -1), F.softmax(teacher_logits / t, -1), reduction="batchmean") * t * t  # FAIL HERE
        return self.alpha * outputs.loss + (1 - self.alpha) * kl


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    rng = random.Random(1)
    rows = [[rng.randrange(1, 303) for _ in range(rng.randrange(6, 30))] for _ in range(320)]
    student = prepare_student(load_model(32, 1), 300)
    teacher = prepare_teacher(load_model(64, 2), 300)
    distiller = Distiller(student, teacher)
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-3)
    for step, batch in enumerate(DataLoader(rows, batch_size=4, collate_fn=collate)):
        loss = distiller.compute_loss(batch, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("done", float(loss.detach()))


if __name__ == "__main__":
    main()
