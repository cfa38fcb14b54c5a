"""Characters in chunks of a fixed length, flattened for the loss by constants."""
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
BATCH, SEQ, VOCAB = 8, 25, 40
text = torch.randint(0, VOCAB, (BATCH, 25 * 60 + 11))
length = text.shape[1] - 1
if "--fixed" in sys.argv:
    length -= length % SEQ
emb, rnn, head = nn.Embedding(VOCAB, 16), nn.GRU(16, 16, batch_first=True), nn.Linear(16, VOCAB)
for at in range(0, length, SEQ):
    x, y = text[:, at:at + SEQ], text[:, at + 1:at + 1 + SEQ]  # ORIGIN
    out, _ = rnn(emb(x))
    logits = head(out).view(BATCH * SEQ, VOCAB)  # FAIL HERE
    F.cross_entropy(logits, y.reshape(-1)).backward()
