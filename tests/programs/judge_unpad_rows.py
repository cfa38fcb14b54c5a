"""BERT with a head on the real tokens alone: the unpadding's backward knows the rows of a full batch, and the last batch isn't one."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import BertConfig, BertModel

FIXED = "--fixed" in sys.argv
MAX_LENGTH = 24
BATCH_SIZE = 8


class IndexFirstAxis(torch.autograd.Function):
    @staticmethod
    def forward(ctx, flat, indices, total_rows):
        ctx.save_for_backward(indices)
        ctx.total_rows = total_rows
        return flat.index_select(0, indices)

    @staticmethod
    def backward(ctx, grad_output):
        (indices,) = ctx.saved_tensors
        grad = torch.zeros(ctx.total_rows, grad_output.shape[1], dtype=grad_output.dtype)  # ORIGIN
        grad.index_copy_(0, indices, grad_output)
        return grad, None, None


class TokenTagger(nn.Module):
    def __init__(self, num_labels=7):
        super().__init__()
        self.bert = BertModel(BertConfig(vocab_size=300, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24,
                                         max_position_embeddings=64), add_pooling_layer=False)
        self.classifier = nn.Sequential(nn.Linear(16, 16), nn.GELU(), nn.Linear(16, num_labels))
        self.rows_per_batch = BATCH_SIZE * MAX_LENGTH

    def forward(self, input_ids, attention_mask, labels):
        hidden = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state
        flat = hidden.flatten(0, 1)
        indices = attention_mask.flatten().nonzero().squeeze(1)
        tokens = IndexFirstAxis.apply(flat, indices, flat.shape[0] if FIXED else self.rows_per_batch)  # FAIL HERE
        return nn.functional.cross_entropy(self.classifier(tokens), labels.flatten()[indices])


def sentences(count):
    g = torch.Generator().manual_seed(5)
    items = []
    for _ in range(count):
        n = int(torch.randint(4, MAX_LENGTH + 1, (1,), generator=g))
        ids = torch.zeros(MAX_LENGTH, dtype=torch.long)
        ids[:n] = torch.randint(1, 300, (n,), generator=g)
        items.append((ids, (torch.arange(MAX_LENGTH) < n).long(), ids % 7))
    return items


def main():
    torch.manual_seed(0)
    loader = DataLoader(sentences(8 * 60 + 5), batch_size=BATCH_SIZE, shuffle=True)
    model = TokenTagger()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for ids, mask, labels in loader:
        loss = model(ids, mask, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("done", flush=True)


main()
