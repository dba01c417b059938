"""What stands beside a program of PyTorch: what goes into it, and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ros_wam.errors import ConfigError
from ros_wam.types import FloatArray

AXES = ("BCHW", "BHWC", "BVCHW", "BVHWC")
ONGOING = ("rows", "delay")


@dataclass(frozen=True)
class TensorInput:
    """One argument, of one kind: pictures of `views`, positions of `joints`, or, for real-time chunking, `ongoing`.

    Pictures run from 0 to 1 before `mean` is subtracted and they are divided by `std` (three numbers, or one); they are
    float32 with `axes` BCHW or BHWC for one view, BVCHW or BVHWC for several. Joints are float32 `(1, n)` in the order
    named (words of `columns.py`), likewise from radians, and from 0 closed to 1 open. `ongoing: rows` is what the robot
    goes on doing, float32 `(1, horizon, D)` as the program itself returns rows, zeros where there are none; `ongoing:
    delay`, int64 `(1,)`, how many of them will have been executed before the answer, 0 where the robot rests.
    """

    views: tuple[str, ...] = ()
    joints: tuple[str, ...] = ()
    ongoing: str | None = None
    axes: str = "BCHW"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if sum(map(bool, (self.views, self.joints, self.ongoing))) != 1:
            raise ConfigError("an input has exactly one of views, joints and ongoing")
        if self.ongoing is not None and self.ongoing not in ONGOING:
            raise ConfigError(f"ongoing is {self.ongoing!r}, must be one of {', '.join(ONGOING)}")
        if self.axes not in AXES or (len(self.views) > 1 and "V" not in self.axes):
            raise ConfigError(f"axes is {self.axes!r}, must be one of {', '.join(AXES)}, with V for several views")


@dataclass(frozen=True)
class TensorOutput:
    """What the program returns: `(1, horizon, D)` or `(horizon, D)`, times `std` plus `mean` (D numbers, or one).

    `columns`: words of `columns.py`.
    """

    horizon: int
    columns: tuple[str, ...] = ("all",)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)


@dataclass(frozen=True)
class ProgramFile:
    """For which `robot` the program is, its arguments in their order, and what it returns, `rate_hz` rows a second.

    `image_size`: height, width of every picture; `image_keys`: key of the request by view, where they are not ours.
    """

    robot: str
    rate_hz: float
    image_size: tuple[int, int]
    inputs: tuple[TensorInput, ...]
    actions: TensorOutput
    image_keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.views:
            raise ConfigError("inputs: none has views")

    @property
    def views(self) -> tuple[str, ...]:
        """Every view that the program is shown, once."""
        return tuple(dict.fromkeys(view for each in self.inputs for view in each.views))


def affine(what: str, mean: Sequence[float], std: Sequence[float], width: int) -> tuple[FloatArray, FloatArray]:
    """Return `mean` and `std` for `width` columns; raises ConfigError where they do not suit them."""
    for name, values in (("mean", mean), ("std", std)):
        if len(values) not in (1, width):
            raise ConfigError(f"{what}: {name} has {len(values)} numbers, must have {width}, or one")
    if not all(std):
        raise ConfigError(f"{what}: std holds a 0")
    return np.array(mean), np.array(std)
