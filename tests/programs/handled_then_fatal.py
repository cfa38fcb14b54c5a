"""One failure is survived (a batch is skipped), another one ends the run."""
import torch


def project(weight, features):
    return features @ weight


def main():
    torch.manual_seed(0)
    weight = torch.randn(8, 4, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for width in (8, 7, 8):
        try:
            loss = project(weight, torch.randn(3, width)).pow(2).sum()
        except RuntimeError as error:
            print("skipped:", error, flush=True)
            continue
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    scores = torch.randn(3, 5)
    bias = torch.randn(4)
    print((scores + bias).shape)  # FAIL HERE


main()
