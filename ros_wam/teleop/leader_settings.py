"""What a station file says of a leader that is built of Dynamixel servos: ports, IDs, directions, zeros, grippers."""

import math
from dataclasses import dataclass

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError

MODELS = {"XM430-W350": 1020, "XM430-W210": 1030, "XL430-W250": 1060, "XL330-M077": 1190, "XL330-M288": 1200}
"""Model numbers (ROBOTIS e-Manual): WidowX-250 S is built of XM430 and XL430, GELLO of XL330."""
SIGNS = (-1, 1)


@dataclass(frozen=True)
class LeaderGripper:
    """The servo of a leader's handle or trigger, and its angles [rad] with it open and closed: measure each."""

    id: int
    model: str
    open_rad: float
    closed_rad: float

    def __post_init__(self) -> None:
        _require_servo(self.id, self.model)
        if abs(self.open_rad - self.closed_rad) < 0.1:
            raise ConfigError(f"open_rad {self.open_rad} and closed_rad {self.closed_rad} must differ by 0.1 rad")


@dataclass(frozen=True)
class LeaderArm:
    """One arm. Joint k of the robot's arm is at `signs[k]` times the angle of servo `ids[k]`, plus `offsets_rad[k]`.

    The angle of a servo is 0 at 2048 of its 4096 ticks. `others`: further servos of the arm, that are not read.
    """

    port: str
    ids: tuple[int, ...]
    models: tuple[str, ...]
    signs: tuple[int, ...]
    offsets_rad: tuple[float, ...]
    gripper: LeaderGripper
    others: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for key in ("models", "signs", "offsets_rad"):
            count = len(getattr(self, key))
            if count != len(self.ids):
                raise ConfigError(f"{key} has {count} values for {len(self.ids)} ids")
        for number, model in zip(self.ids, self.models, strict=True):
            _require_servo(number, model)
        if not set(self.signs) <= set(SIGNS):
            raise ConfigError(f"signs {list(self.signs)} must each be one of {', '.join(map(str, SIGNS))}")
        if not all(map(math.isfinite, self.offsets_rad)):
            raise ConfigError(f"offsets_rad {list(self.offsets_rad)} must be finite")
        if len(set(self.numbers)) != len(self.numbers):
            raise ConfigError(f"ids {list(self.numbers)} name a servo twice")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The IDs of all its servos: of the joints, of the gripper, and the others."""
        return (*self.ids, self.gripper.id, *self.others)


@dataclass(frozen=True)
class LeaderSettings:
    """The leader of each arm of the robot. `latency_s`, from a servo's measurement to when it is asked, is subtracted.

    `hold_opening`: hold-to-run is pressed while every gripper is closed below this, so that a hand that lets go ends
    it; None where a key or a pedal does that. What is below it opens and closes the robot's.
    """

    arms: dict[str, LeaderArm]
    hold_opening: float | None = None
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        if self.hold_opening is not None and not 0.5 <= self.hold_opening <= 0.98:
            raise ConfigError(f"hold_opening is {self.hold_opening}, must be 0.5 to 0.98 of the stroke")
        if not 0.0 <= self.latency_s <= 1.0:
            raise ConfigError(f"latency_s is {self.latency_s}, must be 0 to 1 s")
        for port in {arm.port for arm in self.arms.values()}:
            numbers = [number for arm in self.arms.values() if arm.port == port for number in arm.numbers]
            if len(set(numbers)) != len(numbers):
                raise ConfigError(f"two arms on {port} have a servo with the same ID: {sorted(numbers)}")

    def require_fit(self, embodiment: Embodiment) -> None:
        """Raise ConfigError unless there is a leader for each arm of the robot, with as many joints."""
        if set(self.arms) != set(embodiment.arms):
            raise ConfigError(f"arms names {', '.join(self.arms)}; must name {', '.join(embodiment.arms)}")
        for name, arm in embodiment.arms.items():
            if len(self.arms[name].ids) != len(arm.joints):
                raise ConfigError(f"{name}: {len(self.arms[name].ids)} ids for the {len(arm.joints)} joints of the arm")


def _require_servo(number: int, model: str) -> None:
    if not 0 <= number <= 252:
        raise ConfigError(f"id is {number}, must be 0 to 252")
    if model not in MODELS:
        raise ConfigError(f"model {model!r} of servo {number} is not known; known: {', '.join(MODELS)}")
