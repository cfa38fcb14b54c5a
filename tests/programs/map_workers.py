"""datasets.map with two processes: in one of them a row is shorter than the others, and can't be stacked."""
import torch
from datasets import Dataset, disable_caching


def stack(rows):
    return {"total": [torch.stack([torch.tensor(row, dtype=torch.float32) for row in rows["values"]]).sum().item()] * len(rows["values"])}  # FAIL HERE


if __name__ == "__main__":
    disable_caching()
    rows = [[1.0, 2.0, 3.0]] * 64
    rows[45] = [1.0, 2.0]
    torch.ones(2).add(1)
    Dataset.from_dict({"values": rows}).map(stack, batched=True, batch_size=8, num_proc=2)
