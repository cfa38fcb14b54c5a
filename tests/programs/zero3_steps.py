"""DeepSpeed's ZeRO-3 on one CPU rank: the optimizer steps once for each of several sub-groups, the run counts one. The fourth batch is
too wide."""
import deepspeed
import torch
from torch import nn

CONFIG = {
    "train_micro_batch_size_per_gpu": 2, "gradient_accumulation_steps": 1, "zero_allow_untested_optimizer": True,
    "zero_force_ds_cpu_optimizer": False,
    "zero_optimization": {"stage": 3, "sub_group_size": 40, "stage3_param_persistence_threshold": 0},
}


def main():
    torch.manual_seed(0)
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False  # else it compiles C++ for minutes, once
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    engine, _, _, _ = deepspeed.initialize(model=model, optimizer=torch.optim.AdamW(model.parameters(), lr=1e-3), config=CONFIG)
    for step in range(5):
        loss = engine(torch.ones(2, 6 if step < 3 else 7)).pow(2).mean()  # FAIL HERE
        engine.backward(loss)
        engine.step()


main()
