"""The training loop runs in a thread, and dies there; the main thread notices and ends with status 4."""
import sys
import threading

import torch

DONE = []


def train():
    query = torch.randn(2, 3, 4)
    key = torch.randn(2, 5, 6)
    torch.bmm(query, key)  # FAIL HERE
    DONE.append(True)


def main():
    worker = threading.Thread(target=train, name="trainer")
    worker.start()
    worker.join()
    sys.exit(0 if DONE else 4)


main()
