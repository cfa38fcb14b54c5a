"""Sounds in chunks, several of which get an overview beside them; the text counts one for each sound. --fixed: for several only."""
import sys

import torch
from torch import nn

SOUND, CHUNK, FRAMES = 2, 40, 5
TOKENS = CHUNK // FRAMES


def chunks(sound):
    parts = list(sound.unfold(0, CHUNK, CHUNK))
    if len(parts) > 1:
        parts.append(sound[::len(parts)][:CHUNK])
    return torch.stack(parts)


def tokens(sound, words):
    count = len(sound) // CHUNK
    if count > 1 or "--fixed" not in sys.argv:
        count += 1
    return [1] + [SOUND] * (count * TOKENS) + words


def collate(samples):
    ids = [tokens(sound, words) for sound, words in samples]
    longest = max(map(len, ids))
    return torch.tensor([row + [0] * (longest - len(row)) for row in ids]), torch.cat([chunks(sound) for sound, _ in samples])


class Listener(nn.Module):
    def __init__(self):
        super().__init__()
        self.ear = nn.Linear(FRAMES, 12)
        self.words = nn.Embedding(60, 12)
        self.rnn = nn.GRU(12, 12, batch_first=True)
        self.head = nn.Linear(12, 60)

    def forward(self, ids, sounds):
        heard = self.ear(sounds.view(len(sounds), TOKENS, FRAMES))
        flat = self.words(ids).flatten(0, 1).clone()
        where = ids.flatten() == SOUND
        flat[where] = heard.flatten(0, 1)  # FAIL HERE
        return self.head(self.rnn(flat.view(*ids.shape, -1))[0])


torch.manual_seed(0)
generator = torch.Generator().manual_seed(3)
data = []
for i in range(75):
    count = 1 if i == 64 else int(torch.randint(2, 5, (1,), generator=generator))
    data.append((torch.randn(count * CHUNK + 7, generator=generator), [10 + (i + k) % 40 for k in range(3 + i % 4)]))
model = Listener()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for start in range(0, len(data), 3):
    ids, sounds = collate(data[start:start + 3])
    loss = nn.functional.cross_entropy(model(ids, sounds)[:, :-1].transpose(1, 2), ids[:, 1:])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
