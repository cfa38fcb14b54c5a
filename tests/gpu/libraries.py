# CUDA's own libraries on a real device; the argument says which. Run by tests/gpu/gpu.sh.
import sys

import torch

way = sys.argv[1]
x = torch.randn(64, 64, device="cuda")
if way == "cublas":
    (x @ x).sum().item()
elif way == "cudnn":
    torch.nn.Conv2d(3, 8, 3).cuda()(torch.randn(2, 3, 32, 32, device="cuda")).sum().item()
elif way == "nccl":
    torch.distributed.init_process_group("nccl", init_method="tcp://127.0.0.1:29511", rank=0, world_size=1)
    torch.distributed.all_reduce(x, torch.distributed.ReduceOp.AVG)  # of one rank: NCCL launches a kernel for this only
    torch.cuda.synchronize()
    torch.distributed.destroy_process_group()
elif way == "compile":
    torch.compile(lambda a: torch.relu(a) * 2 + 1)(x).sum().item()
