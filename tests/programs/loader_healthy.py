"""Workers that are forked, and workers that are spawned, each ending well."""
import torch
from torch.utils.data import DataLoader, TensorDataset


def main():
    data = TensorDataset(torch.arange(12.0).view(12, 1))
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.ones_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    for context in ("fork", "spawn"):
        for (batch,) in DataLoader(data, batch_size=4, num_workers=2, multiprocessing_context=context):
            loss = model(batch).sum()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            print(context, f"{loss.item():.4f}", flush=True)


if __name__ == "__main__":
    main()
