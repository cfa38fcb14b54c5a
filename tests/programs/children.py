"""Starts other programs: one without torch, one with, one that replaces itself by another, one by fork alone."""
import os
import subprocess
import sys

import torch

print(subprocess.run(["/bin/echo", "plain child"], capture_output=True, text=True).stdout.strip(), flush=True)
code = "import torch; print(torch.ones(3).sum().item())"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip(), flush=True)
replaced = "import os, torch; torch.ones(2); os.execv('/bin/echo', ['echo', 'replaced'])"
print(subprocess.run([sys.executable, "-c", replaced], capture_output=True, text=True).stdout.strip(), flush=True)
child = os.fork()
if child == 0:
    torch.zeros(5).add_(1)
    os._exit(0)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
print("parent", torch.zeros(4).add_(2).sum().item(), flush=True)
