"""A policy of the size of a small ACT, with random weights, written as a program of PyTorch for `ros-wam serve`."""

import importlib
import itertools
import warnings
from pathlib import Path
from typing import Any

from ros_wam.config import dump
from ros_wam.policies.program_file import ProgramFile, TensorInput, TensorOutput
from ros_wam.policies.torch_program import import_torch

ROBOT, VIEWS, SIZE, COLUMNS = "franka", ("wrist", "global", "side"), (224, 224), 8
HORIZON, WIDTH = 16, 256
PROGRAM = ProgramFile(
    robot=ROBOT,
    rate_hz=30.0,
    image_size=SIZE,
    inputs=(
        TensorInput(views=VIEWS, axes="BVCHW", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),  # ImageNet's
        TensorInput(joints=("all",)),
    ),
    actions=TensorOutput(horizon=HORIZON, std=(0.01,)),
)


def write_network(path: Path) -> None:
    """Write the program to `path`, and the file that stands beside it; raises ConfigError where torch is missing.

    Convolutions to 7x7 features per view, one transformer layer over them and the joints, a row per query.
    """
    torch = import_torch()
    torch.manual_seed(0)
    example = (torch.zeros(1, len(VIEWS), 3, *SIZE), torch.zeros(1, COLUMNS))
    with warnings.catch_warnings(action="ignore"), torch.no_grad():  # torch's own, about itself
        torch.jit.trace(_network(importlib.import_module("torch.nn")).eval(), example).save(path)
    path.with_suffix(".yaml").write_text(dump(PROGRAM), encoding="utf-8")


def _network(nn: Any) -> Any:
    channels = (3, 32, 64, 128, 256, WIDTH)
    layers = [
        layer
        for before, after in itertools.pairwise(channels)
        for layer in (nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU())
    ]

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.eyes = nn.Sequential(*layers)
            self.body = nn.Linear(COLUMNS, WIDTH)
            self.mixed = nn.TransformerDecoderLayer(WIDTH, 8, 4 * WIDTH, batch_first=True)
            self.queries = nn.Embedding(HORIZON, WIDTH)
            self.hand = nn.Linear(WIDTH, COLUMNS)

        def forward(self, pictures: Any, joints: Any) -> Any:
            features = self.eyes(pictures[0]).flatten(2).permute(0, 2, 1).reshape(1, -1, WIDTH)
            tokens = features + self.body(joints)[:, None]
            return self.hand(self.mixed(self.queries.weight[None], tokens))

    return Network()
