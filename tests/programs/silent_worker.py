"""A worker's assert says nothing but where it stands."""
import sys

import torch
from torch.utils.data import Dataset, DataLoader
torch.manual_seed(0)
WORDS = [["w%d" % (j % 30) for j in range(5 + i % 7)] for i in range(400)]
TAGS = [[j % 5 for j in range(5 + i % 7)] for i in range(400)]
if "fixed" not in sys.argv:
    TAGS[318] = TAGS[318][:-1]
class Tags(Dataset):
    def __len__(self): return 400
    def __getitem__(self, i):
        words, tags = WORDS[i], TAGS[i]
        assert len(words) == len(tags)  # FAIL HERE
        return torch.tensor([hash(w) % 50 for w in words]), torch.tensor(tags)
def collate(rows):
    pad = torch.nn.utils.rnn.pad_sequence
    return pad([a for a, _ in rows], True), pad([b for _, b in rows], True, -100)
if __name__ == "__main__":
    emb, head = torch.nn.Embedding(50, 8), torch.nn.Linear(8, 5)
    for x, y in DataLoader(Tags(), batch_size=4, num_workers=1, collate_fn=collate):
        torch.nn.functional.cross_entropy(head(emb(x)).flatten(0, 1), y.flatten()).backward()
