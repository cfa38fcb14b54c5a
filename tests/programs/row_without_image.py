"""Fine-tuning on pictures: every text has the places of its picture, but one row of the data that somebody wrote without. With --fixed it has them."""
import sys

import torch

FIXED = "--fixed" in sys.argv
IMAGE, EACH = 3, 4


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.see, self.head = torch.nn.Embedding(40, 8), torch.nn.Linear(6, 8), torch.nn.Linear(8, 40)

    def forward(self, input_ids, pixels):
        embeds = self.words(input_ids)
        image_features = self.see(pixels).flatten(0, 1)
        special_image_mask = (input_ids == IMAGE).unsqueeze(-1)
        n_image_tokens, n_image_features = special_image_mask.sum(), image_features.shape[0]
        if n_image_tokens != n_image_features:
            raise ValueError(f"Image features and image tokens do not match, tokens: {n_image_tokens}, features: {n_image_features}")  # FAIL HERE
        return self.head(embeds.masked_scatter(special_image_mask.expand_as(embeds), image_features))


def rows():
    torch.manual_seed(0)
    for i in range(26):
        words = torch.randint(4, 40, (6 + i % 5,)).tolist()
        places = [] if i == 24 and not FIXED else [IMAGE] * EACH
        yield torch.tensor([[1] + places + words]), torch.randn(1, EACH, 6)


def main():
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for input_ids, pixels in rows():
        loss = model(input_ids, pixels).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done")


if __name__ == "__main__":
    main()
