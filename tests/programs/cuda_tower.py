"""A multimodal model whose vision tower is kept in a list: .cuda() doesn't reach it, and the message reads like a dtype's."""
import torch
from torch import nn


class Embeddings(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.patch_embedding = nn.Conv2d(3, width, kernel_size=4, stride=4, bias=False)  # MADE
        self.position_embedding = nn.Embedding(16, width)

    def forward(self, pixels):
        x = self.patch_embedding(pixels)  # FAIL HERE
        return x.flatten(2).transpose(1, 2) + self.position_embedding.weight


class Tower(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embeddings = Embeddings(width)
        self.norm = nn.LayerNorm(width)

    def forward(self, pixels):
        return self.norm(self.embeddings(pixels))


class Model(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.embed_tokens = nn.Embedding(100, width)
        self.layers = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.vision_tower = [Tower(width)]

    def get_vision_embedding(self, pixel_value):
        tower = self.vision_tower[0]
        dtype = tower.embeddings.patch_embedding.weight.dtype
        return tower(pixel_value.unsqueeze(0).type(dtype))  # CAST

    def forward(self, ids, images):
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x)
        return x, [self.get_vision_embedding(image) for image in images]


def main():
    torch.manual_seed(0)
    model = Model()
    model.vision_tower[0].half()  # HALF
    model = model.half().cuda()
    ids = torch.zeros(1, 8, dtype=torch.int64).cuda()
    pixels = torch.rand(3, 16, 16).half().cuda()  # MOVED
    with torch.no_grad():
        for _ in range(500_000):  # a million operations since: they fill the ring hundreds of times
            model.layers[0](model.embed_tokens(ids))
    model(ids, [pixels])


main()
