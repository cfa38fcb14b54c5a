"""Goes wrong in silence, or would fail later: each function in a process of its own. Arguments: the ones to run; --fixed: none of it."""
import sys

import torch
import torch._dynamo  # an optimizer would import it, in each child anew
from torch import nn
from torch.nn import functional as F

import each_apart

FIXED = "--fixed" in sys.argv
STEPS = 5


class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16)) for _ in range(4))
        self.visual = nn.Sequential(nn.Linear(8, 16), nn.Linear(16, 16))
        self.head = nn.Linear(16, 3)
        self.visual.requires_grad_(False)

    def forward(self, x):
        with torch.no_grad():
            seen = self.visual(x)
        x = self.embed(x) + seen
        for layer in self.layers:
            x = x + layer(x)
        return self.head(x)


def train(model, steps=STEPS, inputs=8, rows=4):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(steps):
        F.cross_entropy(model(torch.randn(rows, inputs)), torch.randint(3, (rows,))).backward()
        optimizer.step()
        optimizer.zero_grad()


def missing():
    """The checkpoint lacks the frozen tower and one layer; the head is new on purpose."""
    saved = {k: v for k, v in Blocks().state_dict().items()
             if not k.startswith("head") and (FIXED or not (k.startswith("visual") or k.startswith("layers.2")))}
    model = Blocks()
    model.load_state_dict(saved, strict=False)
    train(model)


def begun_anew():
    """Loaded, and initialised after that."""
    saved, model = Blocks().state_dict(), Blocks()
    if not FIXED:
        model.load_state_dict(saved)
    model.apply(lambda module: module.reset_parameters() if isinstance(module, nn.Linear) else None)
    if FIXED:
        model.load_state_dict(saved)
    train(model)


def pretrained():
    """Every key of the checkpoint has a prefix that the model's haven't."""
    saved, model = Blocks().state_dict(), Blocks()
    model.load_state_dict(saved if FIXED else {"module." + k: v for k, v in saved.items()}, strict=False)
    train(model)


def epoch(model, loss_of, samples=21, size=4, fixed=16):
    """Some batches of the first epoch."""
    data = torch.utils.data.TensorDataset(torch.randn(fixed if FIXED else samples, 8), torch.randint(3, (fixed if FIXED else samples,)))
    loader = torch.utils.data.DataLoader(data, batch_size=size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for number, (x, y) in enumerate(loader):
        if number == 4:
            break
        optimizer.zero_grad()
        loss_of(x, y).backward()
        optimizer.step()


def last_norm():
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Linear(16, 3))
    epoch(model, lambda x, y: F.cross_entropy(model(x), y))


def last_held():
    model = nn.Linear(8, 3)
    weights = torch.rand(4, 3)
    epoch(model, lambda x, y: F.cross_entropy(model(x) * weights, y), samples=22)


def last_pairs():
    model = nn.Linear(8, 3)

    def loss_of(x, y):
        pairs = model(x).view(-1, 2, 3)
        return (pairs[:, 0] - pairs[:, 1]).pow(2).mean()
    epoch(model, loss_of, samples=23)


def patches():
    model = nn.Sequential(nn.Conv2d(3, 8, 16, stride=16), nn.Flatten(2), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    side = 64 if FIXED else 73
    for _ in range(STEPS):
        F.cross_entropy(model(torch.randn(2, 3, side, side)), torch.randint(3, (2,))).backward()
        optimizer.step()


def vocabulary():
    """Two tokens were added to the tokenizer."""
    vocab_size = 100 if FIXED else 102
    words, head = nn.Embedding(100, 8), nn.Linear(8, 3)
    model = nn.ModuleList([words, head])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        ids = torch.randint(100, (4, 7 + step))
        ids[0, 0] = 99
        F.cross_entropy(head(words(ids).mean(1)), torch.randint(3, (4,))).backward()
        optimizer.step()
    return vocab_size


def positions():
    """Rows of positions, from 2 on, of lengths that nothing limits."""
    table, head = nn.Embedding(82, 8), nn.Linear(8, 3)
    model = nn.ModuleList([table, head])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for length in [31, 44, 40, 52, 47, 60, 33, 41, 35 if FIXED else 78, 50]:
        F.cross_entropy(head(table(torch.arange(2, length + 2).expand(3, -1).contiguous()).mean(1)), torch.randint(3, (3,))).backward()
        optimizer.step()


def placed(put):
    """A text of 12 with places for 6 rows of features; in one step the last two were cut."""
    words, tower, head = nn.Embedding(20, 8), nn.Linear(4, 8), nn.Linear(8, 3)
    model = nn.ModuleList([words, tower, head])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(11):
        ids = torch.randint(1, 20, (2, 12))
        ids[1, 6:] = 0
        mask, features = ids == 0, tower(torch.randn(6, 4))
        if step == 5 and not FIXED:
            ids = ids[:, :10]
            mask = ids == 0
        x = put(words(ids), mask, features)
        F.cross_entropy(head(x.mean(1)), torch.randint(3, (2,))).backward()
        optimizer.step()
        optimizer.zero_grad()


def cut():
    def put(x, mask, features):
        x = x.clone()
        x[mask] = features[: int(mask.sum())]  # CUT HERE
        return x
    placed(put)


def refused():
    def put(x, mask, features):
        x = x.clone()
        try:
            x[mask] = features  # REFUSED HERE
        except RuntimeError:
            x[mask] = features.repeat(2, 1)[: int(mask.sum())]
        return x
    placed(put)


def skipped():
    def put(x, mask, features):
        order = mask.flatten().cumsum(0).clamp(min=1) - 1
        taken = features[order].view(*mask.shape, -1)
        return torch.where(mask[..., None], taken, x)  # SKIPPED HERE
    placed(put)


def autocast():
    """The first tower was left outside of the block."""
    tower = nn.Sequential(*[nn.Linear(16, 16) for _ in range(3)])
    body = nn.Sequential(*[nn.Linear(16, 16) for _ in range(4)], nn.Linear(16, 3))
    optimizer = torch.optim.SGD([*tower.parameters(), *body.parameters()], lr=0.1)
    for _ in range(STEPS):
        x = torch.randn(4, 16)
        if not FIXED:
            x = tower(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if FIXED:
                x = tower(x)
            loss = F.cross_entropy(body(x), torch.randint(3, (4,)))
        loss.backward()
        optimizer.step()


class Adapted(nn.Module):
    def __init__(self):
        super().__init__()
        self.base, self.adapter = nn.Linear(8, 3), nn.Linear(8, 3)
        self.base.requires_grad_(False)

    def forward(self, x):
        return self.base(x) + (self.adapter(x) if FIXED else 0)


def detached_adapter():
    """The input requires grad, as enable_input_require_grads makes it, and the adapter isn't called."""
    model = Adapted()
    optimizer = torch.optim.SGD(model.adapter.parameters(), lr=0.1)
    for _ in range(STEPS):
        F.cross_entropy(model(torch.randn(4, 8, requires_grad=True)), torch.randint(3, (4,))).backward()
        optimizer.step()


MISTAKES = [missing, begun_anew, pretrained, last_norm, last_held, last_pairs, patches, vocabulary, positions, cut, refused, skipped, autocast,
            detached_adapter]


each_apart.run([f for f in MISTAKES if f.__name__ in sys.argv])
