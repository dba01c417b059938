"""How strict teleoperation is: when following begins, how fast a target moves, and when it is let go."""

from dataclasses import dataclass

from ros_wam.causes import Cause
from ros_wam.errors import ConfigError
from ros_wam.ladder import LADDER


@dataclass(frozen=True)
class TeleopSettings:
    """See `SETTINGS` for what is used, and why. `speeds` are shares of the robot's speed, rising; `speed` the first."""

    align_rad: float
    align_gripper: float
    settle_s: float
    let_go_rad: float
    leash_share: float
    ahead_s: float
    speeds: tuple[float, ...]
    speed: float
    reading_timeout_s: float
    state_timeout_s: float

    def __post_init__(self) -> None:
        if list(self.speeds) != sorted(set(self.speeds)) or not 0.0 < self.speeds[0] <= self.speeds[-1] <= 1.0:
            raise ConfigError(f"speeds {self.speeds} must rise from above 0 to at most 1")
        if self.speed not in self.speeds:
            raise ConfigError(f"speed {self.speed} must be one of {', '.join(map(str, self.speeds))}")
        if not 0.0 < self.align_rad < self.let_go_rad:
            raise ConfigError(f"align_rad {self.align_rad} must be above 0 and below let_go_rad {self.let_go_rad}")
        if not 0.0 < self.leash_share < 1.0:
            raise ConfigError(f"leash_share {self.leash_share} must be above 0 and below 1")


SETTINGS = TeleopSettings(
    align_rad=0.2,  # 11°: two arms can be brought there at once by hand, and what is left is worked off at its speed
    align_gripper=0.25,  # of the stroke; what the robot holds is neither dropped nor crushed when following begins
    settle_s=0.5,  # a leader that is only swung past the robot's posture does not begin to lead
    let_go_rad=0.8,  # 46°: a robot so far behind does not follow any more, and must not come after the leader by itself
    leash_share=0.75,  # of `start_distance_rad`, beyond which control refuses a command
    ahead_s=0.05,  # measured joints are behind where they were sent by about so long: 0.13 rad at 2 rad/s, simulated
    speeds=(0.1, 0.2, 0.35, 0.5, 0.75, 1.0),
    speed=0.5,  # a session begins slowly enough to be stopped by hand
    reading_timeout_s=LADDER[Cause.LEADER_LOST].delay_s,  # as control counts it
    state_timeout_s=0.2,  # joint states come every 8 ms; the robot's own staleness is control's to judge
)
"""All our choice; control, with its own limits, decides what the robot does of it."""
