"""A script that logs what went wrong and chooses its own exit status."""
import logging
import sys

import torch


def train():
    hidden = torch.randn(4, 6)
    gate = torch.randn(4, 5)
    return hidden * gate  # FAIL HERE


def main():
    try:
        train()
    except Exception:
        logging.exception("training failed")
        sys.exit(3)


main()
