# Real PyTorch on the fake stack; the argument says which way. Run by tests/fake/torch.sh.
import sys

import torch

way = sys.argv[1]
weight = torch.nn.Parameter(torch.ones(1024, device="cuda"))
data = torch.ones(1024).pin_memory().cuda(non_blocking=True)
if way == "graph":
    graph = torch.cuda.CUDAGraph()
    static = torch.ones(1024, device="cuda")
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        out = static * 2 + 1
    for _ in range(5):
        graph.replay()
elif way == "workers":
    loader = torch.utils.data.DataLoader([torch.ones(8)] * 16, batch_size=4, num_workers=2, pin_memory=True)
    for batch in loader:
        (batch.cuda() + 1).sum().item()
elif way == "triton":
    import triton
    import triton.language as tl

    @triton.jit
    def double(x, out, n, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(out + at, tl.load(x + at, mask=at < n) * 2, mask=at < n)

    for _ in range(3):
        double[(4,)](data, torch.empty_like(data), 1024, BLOCK=256)
elif way == "compile":
    fused = torch.compile(lambda a: torch.relu(a) * 2 + 1)
    for _ in range(3):
        fused(data)
optimizer = torch.optim.SGD([weight], lr=0.1)
for _ in range(20):
    (weight * data).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
torch.cuda.synchronize()
del weight, data, optimizer
torch.cuda.empty_cache()
