"""How long a robot idles while its policy answers, by the rules of the strategy alone."""

from ros_wam.motion.trajectory import SETTLE_S
from ros_wam.policy.strategies.strategy import LOOK_AFTER_S


def idle_fraction(chunk_s: float, latency_s: float) -> float:
    """Return the share of the time in which `async` follows nothing, with chunks `chunk_s` long.

    A chunk is followed until the arm has settled at its last row. Beyond half a chunk of latency one cycle is chunk,
    time to the look at rest, and latency; the wait for the very first answer is not counted.
    """
    if latency_s <= chunk_s / 2.0:
        return 0.0
    idle_s = LOOK_AFTER_S - SETTLE_S + latency_s
    return idle_s / (chunk_s + LOOK_AFTER_S + latency_s)
