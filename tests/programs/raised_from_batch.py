"""A collate function that looks for the culprit when default_collate fails (each try fails, too), and raises its own error from
the first one. With --fixed every recording is cut to one length where it is made."""
import sys

import torch
from torch.utils.data import DataLoader, Dataset, default_collate

LENGTH = 40 if "--fixed" in sys.argv else None


class Recordings(Dataset):
    def __len__(self):
        return 96

    def __getitem__(self, i):
        wave = torch.ones(52 if i == 61 else 40, dtype=torch.float32)
        return {"wave": wave[:LENGTH], "id": i}


def collate(rows):
    try:
        return {"wave": default_collate([row["wave"] for row in rows])}  # FAIL HERE
    except RuntimeError as error:
        for first in rows:
            for second in rows:
                try:
                    torch.stack([first["wave"], second["wave"]])
                except RuntimeError as other:
                    print("not together:", first["id"], second["id"], str(other)[:20], flush=True)
        raise ValueError("this batch can't be put together") from error


def main():
    layer = torch.nn.Linear(40, 2)
    optimizer = torch.optim.SGD(layer.parameters(), 0.01)
    for batch in DataLoader(Recordings(), batch_size=8, num_workers=1, collate_fn=collate):
        layer(batch["wave"]).sum().backward()
        optimizer.step()
    print("done")


if __name__ == "__main__":
    main()
