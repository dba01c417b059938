"""The one interface of execution strategies: what is made of an answer, and when to look again."""

from dataclasses import dataclass
from typing import Protocol

from ros_wam.motion.trajectory import SETTLE_S
from ros_wam.types import ActionChunk

LOOK_AFTER_S = SETTLE_S + 0.05
"""From the last row to the look at rest: while it settles, a chunk is still followed, and then the arm has to stop."""
REST_TIMEOUT_S = 2.0  # for an arm that does not come to rest


@dataclass(frozen=True)
class Look:
    """Look at `stamp_ns`; if `at_rest`, from then on as soon as the robot rests, at the latest at `deadline_ns`."""

    stamp_ns: int
    at_rest: bool = False

    @property
    def deadline_ns(self) -> int:
        """When to stop waiting for rest."""
        return self.stamp_ns + (round(REST_TIMEOUT_S * 1e9) if self.at_rest else 0)


class Strategy(Protocol):
    """How the chunks of one episode are executed, with one request in flight. Chunks are dated as they are followed."""

    def combine(self, answered: ActionChunk) -> ActionChunk:
        """Return what is to be admitted for the chunk that was answered; changes nothing, since it may be refused."""
        ...

    def admitted(self, answered: ActionChunk, followed: ActionChunk, now_ns: int, latency_ns: int) -> Look:
        """Take note that `followed` was admitted for `answered`, and return when to look again.

        `latency_ns`: what the next answer is anticipated to take from the look on.
        """
        ...

    def hidden_s(self, rows: int, dt_s: float) -> float:
        """Return the longest answer [s] that the robot does not wait for, chunks having `rows`; 0 if it always does."""
        ...


def look_in_time(stamp_ns: int, followed: ActionChunk, latency_ns: int) -> Look:
    """Look at `stamp_ns` if the answer comes before the chunk that is followed is over; else after it, at rest."""
    if stamp_ns + latency_ns <= followed.end_ns:
        return Look(stamp_ns)
    return look_at_rest(followed)


def look_at_rest(followed: ActionChunk) -> Look:
    """Look once the arm rests at the chunk's last row."""
    return Look(followed.end_ns + round(LOOK_AFTER_S * 1e9), at_rest=True)


def due_ns(chunk: ActionChunk, row: int) -> int:
    """Return when a row is due."""
    return chunk.t0_ns + round(row * chunk.dt_s * 1e9)
