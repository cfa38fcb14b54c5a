"""Small real programs, a function each: what they print, raise, leave behind and end with must not depend on who looks on.

    programs.py FOLDER NAME...     each in a child that is forked after `import torch`, in FOLDER/NAME: out, err, status, files
    programs.py NAME               this one alone, as a program is run
"""
import asyncio
import atexit
import concurrent.futures
import contextlib
import contextvars
import ctypes
import faulthandler
import functools
import gc
import io
import logging
import multiprocessing
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
import weakref

import torch
import torch._dynamo  # the first optimizer would
from torch import nn

torch.set_num_threads(1)
PROGRAMS, SLOW = {}, set()
WHOLE = {"raises", "exits_7", "exits_text", "exits_by_atexit", "in_destructor"}  # with the interpreter's own end


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def slow(function):
    """Seconds, or an interpreter of its own: not in `./build.sh test`."""
    SLOW.add(function.__name__)
    return program(function)


def bad(a=3, b=4):
    return torch.zeros(2, a) + torch.zeros(2, b)


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def train(steps=3, net=None):
    net = net or model()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    for step in range(steps):
        loss = net(torch.full((3 + step, 4), 0.5)).pow(2).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print(step, f"{loss.item():.7f}")
    return net


# --- ends --------------------------------------------------------------------------------------------------------------------------


@program
def trains():
    train()


@program
def raises():
    bad()


@program
def raises_in_backward():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return grad[:1]
    Wrong.apply(torch.ones(3, requires_grad=True)).sum().backward()


@program
def raises_from_other():
    try:
        bad()
    except RuntimeError as error:
        raise ValueError("outer") from error


@program
def raises_while_handling():
    try:
        bad()
    except RuntimeError:
        {}["key"]


@program
def raises_group():
    raise ExceptionGroup("several", [ValueError(1), RuntimeError("two"), ExceptionGroup("more", [KeyError("three")])])


@program
def raises_notes():
    try:
        bad()
    except RuntimeError as error:
        error.add_note("a note")
        raise


@program
def raises_odd():
    class Odd(BaseException):
        def __str__(self):
            raise RuntimeError("no text")
    raise Odd()


@program
def exits_7():
    train(1)
    sys.exit(7)


@program
def exits_text():
    bad_text = torch.zeros(2).shape
    sys.exit(f"last words {tuple(bad_text)}")


@program
def exits_at_once():
    torch.ones(2).sum()
    os._exit(5)


@program
def exits_by_atexit():
    atexit.register(lambda: print("at exit", torch.ones(3).sum().item()))
    sys.exit(3)


@program
def aborts():
    torch.ones(2).sum()
    os.abort()


@program
def segfaults():
    torch.ones(2).sum()
    ctypes.string_at(0)


@program
def segfaults_with_faulthandler():
    faulthandler.enable()
    torch.ones(2).sum()
    ctypes.string_at(0)


@program
def bus_error():
    torch.ones(2).sum()
    os.kill(os.getpid(), signal.SIGBUS)


@program
def terminated():
    torch.ones(2).sum()
    os.kill(os.getpid(), signal.SIGTERM)


@program
def becomes_another():
    torch.ones(2).sum()
    sys.stdout.flush()
    os.execv("/bin/echo", ["echo", "another"])


@program
def fails_to_become_another():
    torch.ones(2).sum()
    try:
        os.execv("/no/such/program", ["x"])
    except FileNotFoundError as error:
        print(error)
    train(1)


# --- exceptions that stay ------------------------------------------------------------------------------------------------------------


@program
def caught():
    for n in range(5):
        try:
            bad(3 + n, 9)
        except RuntimeError as error:
            print(type(error), error, error.__context__, traceback.format_exc().count("\n"))


@program
def logged():
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(funcName)s %(message)s")
    try:
        bad()
    except RuntimeError:
        logging.exception("it failed")
    warnings.warn("a warning")


@program
def printed_traceback():
    try:
        bad()
    except RuntimeError:
        traceback.print_exc()
        print(sys.exc_info()[0])


@program
def in_destructor():
    class Loud:
        def __del__(self):
            bad()
    Loud()
    gc.collect()
    print("alive")


@program
def in_callback():
    weak = weakref.finalize(threading.Thread(), lambda: bad())
    weak.atexit = False
    gc.collect()
    hook = torch.ones(2, requires_grad=True)
    hook.register_hook(lambda grad: bad())
    try:
        hook.sum().backward()
    except RuntimeError as error:
        print(error)


@program
def excepthook_of_its_own():
    sys.excepthook = lambda kind, value, trace: print("mine:", kind.__name__, value)
    bad()


@program
def unraisable_of_its_own():
    sys.unraisablehook = lambda what: print("mine:", what.exc_value)

    class Loud:
        def __del__(self):
            raise ValueError("loud")
    Loud()
    torch.ones(2).sum()


@program
def in_thread():
    thread = threading.Thread(target=bad, name="t")
    thread.start()
    thread.join()
    print("main goes on", torch.ones(2).sum().item())


@program
def in_pool():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(bad, 3, n) for n in range(3, 6)]
        print([str(future.exception()) for future in futures])


@program
def recursion():
    def deep(n):
        return torch.ones(1) + deep(n + 1)
    try:
        deep(0)
    except RecursionError as error:
        print(type(error))
    sys.setrecursionlimit(3000)

    def down(n):
        return torch.ones(1) if n == 0 else torch.ones(1) + down(n - 1)
    print(down(900).item())


@program
def audit_hook():
    seen = set()
    sys.addaudithook(lambda event, arguments: seen.add(event) if event in ("open", "exec") else None)
    open("/dev/null").close()
    exec("pass")
    torch.ones(2).sum()
    print(sorted(seen))


@program
def trace_function():
    lines = []

    def trace(frame, event, argument):
        if frame.f_code.co_name == "bad":
            lines.append(event)
        return trace
    sys.settrace(trace)
    try:
        bad()
    except RuntimeError:
        pass
    sys.settrace(None)
    print(lines)


@program
def profile_function():
    calls = []
    sys.setprofile(lambda frame, event, argument: calls.append((event, getattr(argument, "__name__", frame.f_code.co_name))))
    torch.ones(2)
    sys.setprofile(None)
    print(calls)


# --- Python's ways -------------------------------------------------------------------------------------------------------------------


@program
def generators():
    def numbers():
        try:
            for n in range(4):
                yield torch.full((n,), 2.0).sum()
        finally:
            print("closed")
    for value in numbers():
        print(value.item())
        if value > 3:
            break
    left = numbers()
    next(left)
    del left
    gc.collect()


@program
def coroutines():
    async def one(n):
        await asyncio.sleep(0.001 * n)
        return torch.ones(n).sum().item() if n != 3 else bad()

    async def main():
        print(await asyncio.gather(*(one(n) for n in range(5)), return_exceptions=True))
    asyncio.run(main())


@program
def contexts():
    name = contextvars.ContextVar("name", default=0)
    name.set(torch.ones(2).sum().item())
    print(contextvars.copy_context().run(lambda: name.get()))
    with contextlib.redirect_stdout(io.StringIO()) as text, torch.no_grad():
        print(torch.ones(2))
    print(repr(text.getvalue()))


@program
def pickles():
    value = pickle.loads(pickle.dumps({"a": torch.arange(3), "m": model()}))
    print(value["a"], sum(p.numel() for p in value["m"].parameters()))


@program
def finalizers():
    tensors = [torch.ones(3) for _ in range(5)]
    refs = [weakref.ref(tensor, lambda ref: print("gone")) for tensor in tensors]
    del tensors
    print([ref() for ref in refs])


@program
def subinterpreter():
    try:
        import _xxsubinterpreters as inner
    except ImportError:
        import _interpreters as inner
    number = inner.create()
    inner.run_string(number, "print('inner', sum(range(5)), flush=True)")
    inner.destroy(number)
    train(1)


@program
def signals():
    got = []
    for number in (signal.SIGUSR1, signal.SIGALRM, signal.SIGINT):
        signal.signal(number, lambda n, frame: got.append(signal.Signals(n).name))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    until = time.time() + 0.05
    while time.time() < until:
        torch.ones(3).sum()
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.kill(os.getpid(), signal.SIGINT)
    print(sorted(set(got)), sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))


@program
def interrupted():
    signal.signal(signal.SIGALRM, lambda n, frame: bad())
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        while True:
            torch.ones(3).sum()
    except RuntimeError as error:
        print(error)


@program
def keyboard():
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        while True:
            torch.ones(3).sum()
    except KeyboardInterrupt:
        print("interrupted")


@program
def threads():
    results = queue.Queue()

    def work(n):
        net = nn.Linear(4, 2)
        nn.init.constant_(net.weight, 0.5)
        for _ in range(20):
            net(torch.ones(n, 4)).sum().backward()
        results.put((n, round(sum(p.grad.sum().item() for p in net.parameters()), 3)))
    all_threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 7)]
    [thread.start() for thread in all_threads]
    [thread.join() for thread in all_threads]
    print(sorted(results.queue), threading.active_count())


@program
def native_threads():
    print(len(os.listdir("/proc/self/task")))
    torch.ones(2).sum()
    print(len(os.listdir("/proc/self/task")), sorted(os.listdir("/proc/self/fd")) == sorted(os.listdir("/proc/self/fd")))


@program
def descriptors():
    before = len(os.listdir("/proc/self/fd"))
    train(1)
    print(len(os.listdir("/proc/self/fd")) - before)
    os.closerange(3, 64)
    train(1)


@program
def environment():
    print(sorted(name for name in os.environ if not name.startswith(("SHAPEBOX", "LD_PRELOAD"))) == sorted(
        name for name in os.environ if "SHAPEBOX" not in name and name != "LD_PRELOAD"), os.getcwd() == os.path.realpath("."))


# --- processes -----------------------------------------------------------------------------------------------------------------------


@program
def forks():
    train(1)
    sys.stdout.flush()
    for n in range(5):
        child = os.fork()
        if child == 0:
            print("child", n, torch.ones(n).sum().item(), flush=True)
            os._exit(n)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


@program
def forks_of_forks():
    torch.ones(2).sum()
    sys.stdout.flush()
    if os.fork() == 0:
        if os.fork() == 0:
            print("grandchild", torch.ones(4).sum().item(), flush=True)
            os._exit(0)
        os.wait()
        print("child", torch.ones(3).sum().item(), flush=True)
        os._exit(0)
    os.wait()
    print("parent", torch.ones(2).sum().item())


@program
def forks_with_threads():
    stop = threading.Event()

    def work():
        while not stop.is_set():
            torch.ones(3).sum()
    all_threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in all_threads]
    torch.ones(3).sum()  # a fork within PyTorch's own first call of a kernel leaves its child waiting for that, with us or without
    ended = []
    for _ in range(40):
        child = os.fork()
        if child == 0:
            os._exit(int(torch.ones(3).sum().item()))
        ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    stop.set()
    [thread.join() for thread in all_threads]
    print(set(ended))


@program
def daemon():
    torch.ones(2).sum()
    sys.stdout.flush()
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        os.chdir("/")
        os.umask(0)
        os.closerange(3, write)
        os.write(write, f"daemon {torch.ones(3).sum().item()}".encode())
        os._exit(0)
    os.wait()
    print(os.read(read, 100))


@program
def other_root():
    """A process that has begun shuts itself in, where no path of before leads anywhere."""
    torch.ones(2).sum()
    os.mkdir("cage")
    child = os.fork()
    if child == 0:
        torch.ones(2).sum()
        try:
            os.chroot("cage")
            os.chdir("/")
        except PermissionError as error:
            print(error)
        print(os.listdir("."), torch.ones(3).sum().item(), flush=True)
        os._exit(5)
    print(os.waitpid(child, 0)[1])


@program
def runs_others():
    torch.ones(2).sum()
    print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 4"], capture_output=True))
    print(subprocess.run([sys.executable, "-c", "import os; print(len(os.listdir('.')))"], capture_output=True, text=True).stdout)
    print(os.system("exit 3"), os.popen("echo popen").read(), os.posix_spawn("/bin/true", ["true"], {}) > 0, os.wait()[1])


def pool_work(n):
    return torch.ones(n).sum().item() if n != 3 else bad()


@program
def pool_fork():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(pool_work, range(3)))
        try:
            pool.map(pool_work, range(5))
        except RuntimeError as error:
            print(error)


@program
def queue_of_tensors():
    context = multiprocessing.get_context("fork")
    box = context.Queue()
    child = context.Process(target=lambda: box.put(torch.arange(5).tolist()))
    child.start()
    print(box.get(timeout=60))
    child.join()
    print(child.exitcode)


class Numbers(torch.utils.data.Dataset):
    def __init__(self, wrong=-1):
        self.wrong = wrong

    def __len__(self):
        return 12

    def __getitem__(self, n):
        return torch.full((3 if n != self.wrong else 4,), float(n))


def load(context, wrong=-1):
    loader = torch.utils.data.DataLoader(Numbers(wrong), batch_size=4, num_workers=2, multiprocessing_context=context)
    try:
        print([batch.sum().item() for batch in loader])
    except RuntimeError as error:
        print(str(error).splitlines()[-1])


@program
def loader_fork():
    load("fork")
    load("fork", 5)


@slow
def loader_spawn():
    load("spawn")
    load("spawn", 5)


@slow
def loader_forkserver():
    load("forkserver")
    load("forkserver", 5)


@slow
def torch_spawn():
    try:
        torch.multiprocessing.spawn(pool_work, nprocs=2)
        torch.multiprocessing.spawn(pool_work_late, nprocs=1)  # of two, the other may be told to end, or have ended
    except Exception as error:
        print(type(error).__name__, "Error: The size" in str(error))


def pool_work_late(n):
    return pool_work(n + 3)


# --- PyTorch's ways --------------------------------------------------------------------------------------------------------------------


@program
def custom_function():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, n):
            ctx.save_for_backward(x)
            return x ** 3

        @staticmethod
        def backward(ctx, grad):
            return grad * 3 * ctx.saved_tensors[0] ** 2, None
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Cube.apply(x, 7).sum().backward()
    print(x.grad, torch.autograd.gradcheck(Cube.apply, (x.double().detach().requires_grad_(), 7)))


@program
def higher_order():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (first,) = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
    print(torch.autograd.grad(first.sum(), x), torch.autograd.functional.hessian(lambda v: (v ** 3).sum(), x))
    print(torch.func.vmap(torch.func.grad(lambda v: v.sin().sum()))(torch.ones(2, 3)))


@program
def anomaly():
    x = torch.tensor([-1.0], requires_grad=True)
    try:
        with torch.autograd.detect_anomaly():
            x.sqrt().backward()
    except RuntimeError as error:
        print(error)


@program
def custom_ops():
    library = torch.library.Library("same", "DEF")
    library.define("twice(Tensor x) -> Tensor")
    library.impl("twice", lambda x: x * 2, "CPU")
    print(torch.ops.same.twice(torch.ones(3)))

    @torch.library.custom_op("same::thrice", mutates_args=())
    def thrice(x: torch.Tensor) -> torch.Tensor:
        return x * 3
    print(thrice(torch.ones(2)))
    try:
        torch.ops.same.twice(3)
    except RuntimeError as error:
        print(str(error).splitlines()[0])


@program
def dispatch_modes():
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.overrides import TorchFunctionMode

    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            print(func)
            return func(*args, **(kwargs or {}))

    class Functions(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            print(getattr(func, "__name__", func))
            return func(*args, **(kwargs or {}))
    torch.empty(0)  # at a process's first operation the library runs one of its own, which these would see (docs/cannot-see.md)
    with Names(), Functions():
        train(1)


@program
def checkpoint():
    from torch.utils.checkpoint import checkpoint as again
    net = model()
    again(net, torch.ones(2, 4), use_reentrant=False).sum().backward()
    print(round(sum(p.grad.sum().item() for p in net.parameters()), 4))


@program
def autocast_and_scaler():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        print(model()(torch.ones(2, 4)).dtype)


@program
def optimizers():
    for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.Adagrad, torch.optim.RMSprop, torch.optim.LBFGS):
        net = model()
        optimizer = kind(net.parameters(), lr=0.01)

        def closure():
            optimizer.zero_grad()
            loss = net(torch.ones(2, 4)).pow(2).sum()
            loss.backward()
            return loss
        print(kind.__name__, f"{optimizer.step(closure).item():.6f}", f"{closure().item():.6f}")


@program
def script():
    @torch.jit.script
    def twice(x):
        for _ in range(3):
            x = x * 2
        return x
    print(twice(torch.ones(2)), torch.jit.trace(model(), torch.ones(1, 4))(torch.ones(1, 4)))


@program
def profiler():
    """Kineto's and the profiler's own counts, also when it begins in mid-run and in another thread."""
    train(1)

    def profiled():
        with torch.profiler.profile(record_shapes=True, with_stack=False) as profile:
            train(2)
        for row in sorted(profile.key_averages(group_by_input_shape=True), key=lambda row: (row.key, str(row.input_shapes))):
            print(row.key, row.count, row.input_shapes)
        print(len(profile.events()))
    profiled()
    thread = threading.Thread(target=profiled)
    thread.start()
    thread.join()
    with torch.autograd.profiler.record_function("mine"):
        train(1)


@program
def execution_trace():
    import json
    from torch.profiler import ExecutionTraceObserver
    torch.empty(0)  # as above
    observer = ExecutionTraceObserver().register_callback("et.json")
    observer.start()
    train(1)
    observer.stop()
    observer.unregister_callback()
    with open("et.json") as file:
        nodes = json.load(file)["nodes"]
    os.remove("et.json")
    print(len(nodes), [(node["name"], node["inputs"].get("shapes"), node["outputs"].get("shapes")) for node in nodes])


@program
def hooks():
    net = model()
    net.register_forward_hook(lambda module, inputs, output: print("forward", tuple(output.shape)))
    net[0].register_full_backward_hook(lambda module, inputs, outputs: print("backward", tuple(outputs[0].shape)))
    net(torch.ones(2, 4)).sum().backward()
    with torch.autograd.graph.saved_tensors_hooks(lambda x: (print("pack", tuple(x.shape)), x)[1], lambda x: x):
        net(torch.ones(3, 4)).sum().backward()


@program
def subclasses():
    class Named(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            print(func.__name__)
            return super().__torch_function__(func, types, args, kwargs or {})
    x = torch.ones(2, 2).as_subclass(Named)
    print(type(x + 1).__name__, (x @ x).shape)


@program
def saves_and_loads():
    torch.save(model().state_dict(), "w.pt")
    net = model()
    net.load_state_dict(torch.load("w.pt"))
    os.remove("w.pt")
    try:
        net.load_state_dict({"0.weight": torch.ones(3, 3)})
    except RuntimeError as error:
        print(error)


@program
def shares_memory():
    import numpy
    array = numpy.arange(6.0).reshape(2, 3)
    tensor = torch.from_numpy(array)
    tensor += 1
    print(array, torch.from_dlpack(tensor).data_ptr() == tensor.data_ptr(), torch.frombuffer(bytearray(b"abcd"), dtype=torch.uint8))


@program
def inference():
    with torch.inference_mode():
        x = torch.ones(2)
    try:
        x.requires_grad_()
    except RuntimeError as error:
        print(error)
    print(torch.is_inference(x))


@program
def gloo():
    import torch.distributed as dist
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    x = torch.ones(3)
    dist.all_reduce(x)
    print(x, dist.all_gather_into_tensor(torch.zeros(3), x))
    net = nn.parallel.DistributedDataParallel(model())
    net(torch.ones(2, 4)).sum().backward()
    dist.destroy_process_group()


@program
def memory_is_freed():
    refs = []
    for n in range(200):
        x = torch.ones(1000)
        refs.append(weakref.ref(x))
    del x
    print(sum(ref() is not None for ref in refs), len([o for o in gc.get_objects() if isinstance(o, torch.Tensor)]))


@slow
def compiles():
    @torch.compile(backend="eager")
    def eager(x):
        return (x * 2).relu().sum()
    print(eager(torch.ones(3)), eager(torch.ones(4)))
    torch._dynamo.reset()

    @torch.compile
    def inductor(x):
        return (x * 2).relu().sum()
    print(inductor(torch.ones(3, requires_grad=True)))


@slow
def exports():
    print(len(torch.export.export(model(), (torch.ones(2, 4),)).graph.nodes), torch.fx.symbolic_trace(model()).code)


# --- how they are run ------------------------------------------------------------------------------------------------------------------


def run(name):
    """As a program is run: what isn't caught ends it."""
    PROGRAMS[name]()


def child(folder, name):
    os.makedirs(f"{folder}/work")
    os.chdir(f"{folder}/work")
    signal.alarm(120)
    for number, file in ((1, "out"), (2, "err")):
        descriptor = os.open(f"{folder}/{file}", os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    if name in WHOLE:
        run(name)
        return
    status = 0
    try:
        run(name)
    except BaseException:  # as the interpreter tells it, without its end, which takes a second with torch
        status = 1
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main():
    if len(sys.argv) == 2:
        run(sys.argv[1])
        return
    folder = sys.argv[1]
    folder = os.path.abspath(folder)
    for name in sys.argv[2:]:
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            child(f"{folder}/{name}", name)
            return
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what it left behind: a fork server and its workers
        print(name, status, flush=True)


if __name__ == "__main__":
    main()
