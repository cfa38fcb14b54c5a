"""A scripted function that fails."""
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)
import torch

@torch.jit.script
def blend(left, right):
    return left * 2 + right


def main():
    print(tuple(blend(torch.zeros(3), torch.zeros(3)).shape), flush=True)
    blend(torch.zeros(4), torch.zeros(3))  # FAIL HERE


main()
