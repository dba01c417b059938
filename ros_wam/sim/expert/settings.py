"""How far from its best an expert is: `config/experts/<task>.yaml`."""

from dataclasses import dataclass

from ros_wam import share
from ros_wam.config import load
from ros_wam.errors import ConfigError


@dataclass(frozen=True)
class ExpertSettings:
    """The size of the noise.

    `position_m`, `yaw_rad`: standard deviations of a waypoint, no more than twice as far. `speed`: by how large a share
    moves are slower or faster, at most. `miss`: how often something is missed at first, 0–1.
    """

    position_m: float
    yaw_rad: float
    speed: float
    miss: float

    def __post_init__(self) -> None:
        bounds = {"position_m": 0.03, "yaw_rad": 0.5, "speed": 0.5, "miss": 0.9}  # a miss may be missed again
        for name, most in bounds.items():
            value = getattr(self, name)
            if not 0.0 <= value <= most:
                raise ConfigError(f"expert: {name} is {value}, must be from 0 to {most}")


def expert_settings(task: str) -> ExpertSettings:
    """Return the settings of the expert that does `task`; raises ConfigError that lists the tasks there are."""
    return load(share.find("config/experts", task), ExpertSettings)
