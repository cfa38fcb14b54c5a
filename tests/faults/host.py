"""The standard run: what a training does, and the ways in which it fails, in a second. Runs `work` for each fault it is asked for.

    host.py                     once, without faults: what it is to print
    host.py FOLDER EVERY FROM   with faults.so and the library preloaded: a forked child without a fault, then one for each
                                EVERYth call from the FROMth on, and a line for each

A child begins where `import torch` has ended: what the library does at its first operation is in it.
"""
import ctypes
import os
import signal
import subprocess
import sys
import threading

import torch
import torch._dynamo  # the first optimizer would, seconds long in every child

torch.set_num_threads(1)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


class Loud:
    def __del__(self):
        raise ValueError("from a destructor")


def fails(a, b):
    try:
        torch.zeros(a) + torch.ones(b)
    except RuntimeError as error:
        print("caught", error)


def work():
    sys.unraisablehook = lambda what: print("unraisable", what.exc_value)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(3):
        loss = Square.apply(model(torch.randn(3 + step, 4))).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print(f"{step} {loss.item():.6f}")
    for n in range(2, 5000):
        torch.zeros(n).sum()  # other sizes each time: the ring goes round, or on in a segment
    fails(3, 4)
    Loud()
    thread = threading.Thread(target=fails, args=(5, 6))
    thread.start()
    thread.join()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        print("child", torch.ones(3).sum().item(), flush=True)
        os._exit(3)
    print("ended", os.waitpid(child, 0)[1])
    print("other", subprocess.run(["/bin/echo", "hello"], capture_output=True).stdout)
    index = torch.tensor([0, 9])
    torch.ones(3, 4)[index]


def in_child(faults, folder, at, on):
    """Fork, work there, and say how it ended."""
    faults.faults_arm(at, on)
    os.makedirs(folder)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        for number, name in ((1, "out"), (2, "err")):
            file = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT, 0o600)
            os.dup2(file, number)
        try:
            work()
        except IndexError:  # as the interpreter tells it, without its end, which takes a second with torch
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
    status = os.waitpid(child, 0)[1]
    failed, text = ctypes.c_char_p(), ctypes.create_string_buffer(4096)
    count = faults.faults_told(ctypes.byref(failed), text, 4096)
    return status, count, (failed.value or b"-").decode(), text.value.decode()


def main():
    if len(sys.argv) < 3:
        work()
        return
    folder, every, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    faults = ctypes.CDLL(None)
    faults.faults_told.restype = ctypes.c_ulong
    faults.faults_arm.argtypes = [ctypes.c_ulong, ctypes.c_int]
    result = in_child(faults, f"{folder}/0.0", 0, 0)
    print(0, 0, *result, flush=True)
    for at in range(first, result[1] + 1, every):
        for on in (0, 1):
            print(at, on, *in_child(faults, f"{folder}/{at}.{on}", at, on), flush=True)


# At the top, as a program is: what isn't caught in a child ends it.
main()
