"""How policy, camera, timing and operator faults are brought about in lockstep."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from faults.lockstep_world import LockstepWorld
from faults.scripted_server import honest, wrist

from ros_wam.types import CameraFrame, Command, FloatArray, Mode

Change = Callable[[FloatArray], Sequence[FloatArray]]
HOUR_S = 3600.0
LATE_S = 0.096
LEAD_S, LEAD_RAD = 0.02, 0.004  # a leader device tells its position at 50 Hz


def answers(change: Change) -> Callable[[LockstepWorld], None]:
    """From now on the server sends what `change` makes of each answer."""

    def inject(world: LockstepWorld) -> None:
        world.server.script = change

    return inject


def nan_once(world: LockstepWorld) -> None:
    """One answer holds a number that is none."""

    def change(actions: FloatArray) -> Sequence[FloatArray]:
        world.server.script = honest
        return (np.where(np.arange(len(actions))[:, None] == 3, np.nan, actions),)

    world.server.script = change


def late(answer_ms: float) -> Callable[[LockstepWorld], None]:
    """The next answer takes so long."""

    def inject(world: LockstepWorld) -> None:
        def change(actions: FloatArray) -> Sequence[FloatArray]:
            world.server.script = honest
            world.station.faults.latency_ms = None
            return (actions,)

        world.station.faults.latency_ms, world.server.script = answer_ms, change

    return inject


def contact(lasting_s: float) -> Callable[[LockstepWorld], None]:
    """The tool meets something, and the sensor there says so."""

    def inject(world: LockstepWorld) -> None:
        world.patch.setattr(world.station._world, "tool_force_n", lambda: np.full(len(world.robot.arms), 200.0))
        world.after(lasting_s, world.patch.undo)

    return inject


def jumping_latency(world: LockstepWorld) -> None:
    """Answers take 0 and 400 ms in turns."""
    spikes = iter((0.0, 400.0) * 50)

    def change(actions: FloatArray) -> Sequence[FloatArray]:
        world.station.faults.latency_ms = next(spikes)
        return (actions,)

    world.server.script = change


def reordered(world: LockstepWorld) -> None:
    """Each answer comes after the one to the request before."""
    world.server.script = lambda actions: (world.server.previous, actions)


def pictures(
    change: Callable[[CameraFrame], CameraFrame | None], for_s: float = 99.0
) -> Callable[[LockstepWorld], None]:
    """For so long the cameras hand on what `change` makes of each frame."""

    def inject(world: LockstepWorld) -> None:
        world.station.faults.picture = change
        world.after(for_s, lambda: setattr(world.station.faults, "picture", lambda frame: frame))

    return inject


def no_wrist(frame: CameraFrame) -> CameraFrame | None:
    return None if "wrist" in frame.view else frame


def wrist_behind(frame: CameraFrame) -> CameraFrame:
    return replace(frame, stamp_ns=frame.stamp_ns - 80_000_000) if "wrist" in frame.view else frame


def frozen(world: LockstepWorld) -> None:
    """Every camera hands on its last picture for ever."""
    stuck_ns = world.station.now_ns()
    pictures(lambda frame: replace(frame, stamp_ns=stuck_ns))(world)


def no_beats(for_s: float) -> Callable[[LockstepWorld], None]:
    def inject(world: LockstepWorld) -> None:
        world.station.faults.beats = False
        world.after(for_s, lambda: setattr(world.station.faults, "beats", True))

    return inject


def late_ticks(world: LockstepWorld) -> None:
    world.station.faults.late_ticks = round(LATE_S / world.robot.period_s)


def wall_clock_step(world: LockstepWorld) -> None:
    """The wall clock goes an hour ahead, and an hour back."""
    for name, step in (("time", HOUR_S), ("time_ns", int(HOUR_S * 1e9))):
        world.patch.setattr(time, name, _ahead(getattr(time, name), step))
    world.after(1.0, world.patch.undo)


def _ahead(clock: Callable[[], float], step: float) -> Callable[[], float]:
    return lambda: clock() + step


def operator_stop(world: LockstepWorld) -> None:
    runner = world.sitting.runner
    assert runner is not None and runner.operator_stop()


def takeover(for_s: float) -> Callable[[LockstepWorld], None]:
    """A leader device takes the robot, turns its wrist, and falls silent after a while."""

    def inject(world: LockstepWorld) -> None:
        world.control.set_mode(Mode.TELEOP, world.station.now_ns())
        start = world.position
        turn = np.eye(len(start))[wrist(world.robot)] * LEAD_RAD

        def lead(step: int) -> None:
            now_ns = world.station.now_ns()
            if world.control.mode is Mode.TELEOP:
                world.control.teleoperate(Command(now_ns, start + step * turn), now_ns)

        for step in range(round(for_s / LEAD_S)):
            world.after(step * LEAD_S, partial(lead, step))

    return inject
