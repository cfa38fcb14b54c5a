"""bf16 LoRA fine-tuning under autocast; evaluation runs in a thread, outside of it, and its handler leaves no metrics."""
import sys
import threading

import torch
from peft import LoraConfig, get_peft_model
from transformers import RobertaConfig, RobertaForSequenceClassification

FIXED = "--fixed" in sys.argv
EVAL_EVERY = 60


def build():
    config = RobertaConfig(vocab_size=200, hidden_size=32, num_hidden_layers=1, num_labels=3, num_attention_heads=2,
                           intermediate_size=48, max_position_embeddings=70)
    model = RobertaForSequenceClassification(config).to(torch.bfloat16)
    model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=4, target_modules=["query", "value"]))
    for param in model.parameters():
        if param.requires_grad:
            param.data = param.data.float()  # ORIGIN
    return model


def batch_of(n):
    length = int(torch.randint(5, 40, (1,)))
    return torch.randint(3, 200, (n, length)), torch.randint(0, 3, (n,))


class AsyncEvaluator:
    def __init__(self, model, batches):
        self.model, self.batches = model, batches
        self.metrics = None
        self.thread = None

    def evaluate(self):
        correct = total = 0
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=FIXED):
            for ids, labels in self.batches:
                logits = self.model(input_ids=ids).logits  # CALLED HERE
                correct += (logits.argmax(-1) == labels).sum().item()
                total += labels.numel()
        return {"accuracy": correct / total}

    def run(self):
        try:
            self.metrics = self.evaluate()
        except Exception as error:
            print("evaluation skipped:", type(error).__name__, flush=True)

    def start(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def result(self):
        self.thread.join()
        return self.metrics


def main():
    torch.manual_seed(0)
    model = build()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    evaluator = AsyncEvaluator(model, [batch_of(4) for _ in range(3)])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for step in range(1, EVAL_EVERY + 5):
            ids, labels = batch_of(4)
            loss = model(input_ids=ids, labels=labels).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            if step % EVAL_EVERY == 0:
                evaluator.start()
                metrics = evaluator.result()
                print("accuracy", round(metrics["accuracy"], 1) > -1, flush=True)  # ENDS HERE
    print("done", flush=True)


main()
