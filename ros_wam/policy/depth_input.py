"""Depth pictures and camera matrices as a server wants them: `request: depth` of a profile."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.calibration import Station
from ros_wam.causes import Cause
from ros_wam.errors import ConfigError, ObservationError
from ros_wam.types import Observation


@dataclass(frozen=True)
class DepthInput:
    """One view's distances, HxW uint16 [mm] of the pixels that its camera takes, at the key path `at`; its camera
    matrix, float64 [px], at `camera_matrix_at`: 3x3, or with `camera_matrix_columns` 4 and zeros in the last, 3x4.
    """

    view: str
    at: str
    camera_matrix_at: str | None = None
    camera_matrix_columns: int = 3

    def __post_init__(self) -> None:
        if self.camera_matrix_columns not in (3, 4):
            told = f"camera_matrix_columns is {self.camera_matrix_columns}, must be 3 or 4"
            raise ConfigError(f"request: depth: {self.at}: {told}")


def depth_values(depth: DepthInput, observation: Observation) -> Iterator[tuple[str, Any]]:
    """Yield each key path and what to send there; raises ObservationError where the view has no depth."""
    image = observation.frames[depth.view].depth
    if image is None:
        raise ObservationError(Cause.CAMERA_STALE, f"view {depth.view} has no depth, which the policy needs")
    yield depth.at, image.distance_mm
    if depth.camera_matrix_at is not None:
        yield depth.camera_matrix_at, image.camera_matrix @ np.eye(3, depth.camera_matrix_columns)


def check_depth(policy: str, views: Collection[str], station: Station) -> None:
    """Raise ConfigError unless the station's cameras send depth of all of `views`, which `policy` needs."""
    without = [view for view in views if view not in station.cameras or not station.cameras[view].depth]
    if without:
        told = f"policy {policy} needs depth of {', '.join(without)}, which no camera of this station sends"
        raise ConfigError(f"{told}: say depth: true of a camera that can; in --lockstep every view has it")
