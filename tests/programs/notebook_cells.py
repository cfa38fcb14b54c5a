"""A notebook: a real kernel runs cells one after the other; two of them fail, and the kernel lives on."""
from jupyter_client.manager import start_new_kernel

CELLS = [
    "import torch\nweight = torch.ones(4, 3)",
    "scores = torch.mm(torch.ones(2, 5), weight)",
    "scores = torch.mm(torch.ones(2, 4), weight)\nprint(tuple(scores.shape), flush=True)",
    "def join(parts):\n    return torch.cat(parts)\n",
    "join([scores, torch.ones(2, 7)])",
    "print('alive', torch.ones(2).sum().item(), flush=True)",
]

manager, client = start_new_kernel(kernel_name="python3")
try:
    for cell in CELLS:
        reply = client.execute_interactive(cell, timeout=120, output_hook=lambda message: None)
        print(reply["content"]["status"], flush=True)
finally:
    client.stop_channels()
    manager.shutdown_kernel()
