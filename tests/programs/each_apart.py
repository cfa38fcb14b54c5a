"""Functions, each in a forked process of its own, one after another; prints the names of those that came to their end."""
import os
import sys

import torch


def run(functions):
    bad = 0
    for function in functions:
        child = os.fork()
        if child == 0:
            torch.manual_seed(0)
            function()
            print(function.__name__, flush=True)
            os._exit(0)
        bad += os.waitpid(child, 0)[1] != 0
    sys.exit(bad)
