"""Whether a robot touches anything on its way: the whole way is covered, but looked at only where that is needed.

After a look at two things it is known how far they may move before they can touch; they are looked at again only after
that. So every instant of the way is proven, in a few looks where there is room, and every `RESOLUTION_M` of motion
where there is none. This is conservative advancement (Mirtich 1996) along straight lines in joint space.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ros_wam.collision import CollisionModel, Touch
from ros_wam.types import FloatArray

RESOLUTION_M = 0.002
"""The finest look. Two things may be so much deeper in each other between two looks than the looks allow."""
MOST_LOOKS = 2000
"""A way that needs more looks is not taken: about 40 ms."""


@dataclass(frozen=True)
class Obstacle:
    """What is in the way: the row of the path that is not reached, the two things, and how deep they may be [m].

    `proven`: they are deeper than that. Else nobody looked closely enough.
    """

    row: int
    touch: Touch
    allowed_m: float
    proven: bool = True

    def __str__(self) -> str:
        things = f"{self.touch.first} and {self.touch.second}"
        bound = f"at most {self.allowed_m * 1e3:.1f} mm is allowed"
        if self.proven:
            return f"{things} would be {self.touch.depth_m * 1e3:.1f} mm in each other, {bound}"
        return f"{things} move so far so close to each other that {MOST_LOOKS} looks do not show how deep; {bound}"


def sweep(model: CollisionModel, path: FloatArray) -> Iterator[Obstacle | None]:
    """Follow `path` `(rows, n)`, row 0 being where the robot is, until something is in the way.

    Yields None after each row and each look, so that who must not wait may go on later; an Obstacle, if at all, comes
    last. Things that are in each other already may move apart, but never deeper.
    """
    everything = np.arange(len(model.tolerance_m))
    model.place(path[0])
    depth_m = model.depth_m(everything)
    allowed_m = np.maximum(model.tolerance_m, depth_m)
    room_m = np.maximum(allowed_m - depth_m, RESOLUTION_M)
    looks = 0
    steps = np.diff(path, axis=0)
    for row, (step, motion_m) in enumerate(zip(steps, model.motion_m(steps), strict=True), start=1):
        done = 0.0  # share of the step
        while (due := np.flatnonzero(room_m < motion_m * (1.0 - done))).size:
            share = float((room_m[due] / motion_m[due]).min())
            done += share
            room_m -= share * motion_m
            model.place(path[row - 1] + done * step)
            depth_m = model.depth_m(due)
            worst = int((depth_m - allowed_m[due]).argmax())
            looks += 1
            proven = bool(depth_m[worst] > allowed_m[due[worst]])
            if proven or looks == MOST_LOOKS:
                touch = model.touch(int(due[worst]), float(depth_m[worst]))
                yield Obstacle(row, touch, float(allowed_m[due[worst]]), proven)
                return
            room_m[due] = np.maximum(allowed_m[due] - depth_m, RESOLUTION_M)
            yield None
        room_m -= (1.0 - done) * motion_m
        yield None
