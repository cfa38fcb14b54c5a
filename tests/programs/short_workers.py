"""Eight workers that are started anew in every epoch; late in the run one of them can't stack its clips."""
import os

import torch
from torch.utils.data import DataLoader, Dataset

WORKERS = 8
EPOCHS = int(os.environ.get("EPOCHS", "20"))
FAILING = int(os.environ.get("FAILING_EPOCH", "15"))


class Clips(Dataset):
    epoch = 0

    def __len__(self):
        return 2 * WORKERS

    def __getitem__(self, index):
        frames = 45 if self.epoch == FAILING and index == 11 else 46
        return torch.full((frames, 4), float(index))


def join_frames(clips):
    return torch.stack(clips)  # FAIL HERE


def main():
    clips = Clips()
    seen = 0
    for clips.epoch in range(EPOCHS):
        for batch in DataLoader(clips, batch_size=2, num_workers=WORKERS, collate_fn=join_frames):
            seen += len(batch)
    print("done", seen, flush=True)


if __name__ == "__main__":
    main()
