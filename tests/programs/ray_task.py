"""Two Ray tasks; one of them fails in its own process, and the driver hears of it."""
import ray
import torch


@ray.remote(num_cpus=1)
def join(columns):
    rows = torch.ones(3, 4)
    for _ in range(10):
        rows = rows + 1
    return torch.cat([rows, torch.ones(2, columns)]).shape  # FAIL HERE


ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False)
print(ray.get(join.remote(4)), flush=True)
ray.get(join.remote(5))
