"""Small programs of PyTorch with the file that stands beside them. Needs torch."""

import warnings
from pathlib import Path

import torch

HORIZON, COLUMNS = 8, 7
UR5_PROGRAM = """
robot: ur5
rate_hz: 20.0
image_size: [32, 48]
inputs:
  - {views: [wrist, global], axes: BVCHW, mean: [0.5, 0.4, 0.3], std: [0.2, 0.5, 1.0]}
  - {joints: [gripper, arms], mean: [1.0], std: [2.0]}
  - {ongoing: rows}
  - {ongoing: delay}
actions: {horizon: 8, mean: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], std: [2.0]}
"""


class Echo(torch.nn.Module):
    """Returns the rows that it is told are going on, plus the mean of the pictures and the first joint."""

    def forward(
        self, pictures: torch.Tensor, joints: torch.Tensor, rows: torch.Tensor, delay: torch.Tensor
    ) -> torch.Tensor:
        return rows + pictures.mean() + joints[:, :1, None] + delay[:, None, None]


def example() -> tuple[torch.Tensor, ...]:
    """Arguments of the right shapes."""
    pictures, joints = torch.zeros(1, 2, 3, 32, 48), torch.zeros(1, COLUMNS)
    return pictures, joints, torch.zeros(1, HORIZON, COLUMNS), torch.zeros(1, dtype=torch.int64)


def write_program(folder: Path, module: torch.nn.Module, suffix: str = ".pt", text: str = UR5_PROGRAM) -> Path:
    """Write `module` as TorchScript, or as exported where the suffix is .pt2, and the file beside it."""
    path = folder / f"program{suffix}"
    with warnings.catch_warnings(action="ignore"):  # torch's own, about itself
        if suffix == ".pt2":
            torch.export.save(torch.export.export(module, example()), path)
        else:
            torch.jit.script(module).save(path)
    path.with_suffix(".yaml").write_text(text)
    return path
