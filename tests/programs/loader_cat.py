"""Two DataLoader workers; the collate function joins frame features of clips that differ in length."""
import torch
from torch.utils.data import DataLoader, Dataset

FRAMES = [46, 46, 46, 46, 46, 45, 46, 46]


class Clips(Dataset):
    def __len__(self):
        return len(FRAMES)

    def __getitem__(self, index):
        return torch.full((FRAMES[index], 6), float(index))  # ORIGIN


def join_frames(clips):
    video_feat = [clip.unsqueeze(1) for clip in clips]
    return torch.cat(video_feat, dim=1)  # FAIL HERE


def main():
    torch.manual_seed(0)
    model = torch.nn.Linear(6, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(Clips(), batch_size=2, num_workers=2, collate_fn=join_frames)
    for batch in loader:
        loss = model(batch).pow(2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print("batch", tuple(batch.shape), flush=True)


if __name__ == "__main__":
    main()
