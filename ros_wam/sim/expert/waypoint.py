"""One thing that a hand on a leader is to do next."""

from dataclasses import dataclass

from ros_wam.types import FloatArray


@dataclass(frozen=True, eq=False)
class Waypoint:
    """Bring the tool of `arm` to the tool vector `tool` `(6,)`, in the base frame; see `policies.tool_vector`.

    The gripper is sent to `opening` 0–1 as the hand sets off. The hand goes on when it is there and the robot has come
    within `within_rad` of it, `wait_s` later; or, where `early_s` is given, so long before it is there. `slack`: the
    share of the noise that does no harm here.
    """

    arm: str
    tool: FloatArray
    opening: float
    speed_m_s: float = 0.5
    within_rad: float = 0.02
    wait_s: float = 0.0
    early_s: float = 0.0
    slack: float = 1.0
