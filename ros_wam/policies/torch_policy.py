"""Programs of PyTorch, TorchScript (`.pt`) or exported (`.pt2`): `ros-wam serve torch:FILE`, see docs/policies.md."""

from pathlib import Path

from ros_wam.embodiment import Embodiment
from ros_wam.policies.function_policy import FunctionPolicy
from ros_wam.policies.torch_program import TorchProgram
from ros_wam.process import keep_freed_memory


def make_torch_policy(path: Path, robot: Embodiment, device: str | None = None) -> FunctionPolicy:
    """Return the policy of the program at `path`, on `device` (None: CUDA where there is any); raises ConfigError."""
    keep_freed_memory()  # else each forward pass on a CPU gets its megabytes anew: 17 ms instead of 11 for a small one
    program = TorchProgram(path, robot, device)
    file = program.file
    return FunctionPolicy(
        lambda seen, memory: program.forward(program.tensors(seen)),
        robot,
        file.actions.horizon,
        file.rate_hz,
        file.image_size,
        file.views,
        file.actions.columns,
        rtc=any(each.ongoing == "rows" for each in file.inputs),
        image_keys=file.image_keys,
    )
