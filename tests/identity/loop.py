"""A training loop whose tensors come and go: the recorder's identities are held against the allocator's."""
import torch

torch.manual_seed(0)
torch.set_num_threads(1)
layer = torch.nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
model = torch.nn.Sequential(torch.nn.Linear(24, 32), torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
                            torch.nn.Linear(32, 7))
optimizer = torch.optim.AdamW(model.parameters(), foreach=False)
for step in range(60):
    length = 5 + step % 11
    x = torch.randn(4, length, 24)
    target = torch.randint(0, 7, (4, length))
    mask = x.sum(-1) > 0
    hidden = model(x)
    hidden[mask] = hidden[mask] * 2 + x[mask][:, :7]
    loss = torch.nn.functional.cross_entropy(hidden.flatten(0, 1), target.flatten())
    parts = torch.cat([p.float().mean().view(1) for p in hidden.split(2, dim=1)])
    (loss + parts.pow(2).mean()).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=bool(step % 2))
