"""An FR3's controller in a process of its own, in lockstep with its client: its time goes on as answers come.

So what the real libfranka and franky send is the same on any machine, however busy.
"""

import multiprocessing
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from loopback import own_address

from ros_wam.clock import FakeClock, StationClock
from ros_wam.sim.emulators.fci import RobotMode
from ros_wam.sim.emulators.franka import COMMUNICATION, FrankaEmulator
from ros_wam.sim.emulators.plant import KinematicPlant

HOME = [0.0, -0.2716, 0.0, -2.3356, 0.0, 2.0640, 0.7854]
STROKE_M = 0.08
CYCLE_NS = 1_000_000
SOON_NS, PATIENCE_NS = 10_000_000, 500_000_000
"""How long an answer is waited for, when the one before did not come and when it did."""
ANSWER_TIMEOUT_S = 20.0


class Controller(Protocol):
    """A controller that is cycled by hand."""

    def cycle(self, wait_ns: int, lose: bool) -> bool:
        """Let 1 ms pass once the answer to the newest state is there; return whether it came."""

    def commanded(self) -> list[float]:
        """The desired position `(7,)` [rad] of the newest cycle."""


class EmulatedController:
    """Our emulator with joints that go where they are sent."""

    def __init__(self, address: str, told_late: int = 0) -> None:
        self._clock, self._plant = FakeClock(), KinematicPlant(np.array(HOME))
        self._emulator = FrankaEmulator(address, self._plant, STROKE_M, self._clock, told_late=told_late)
        self._emulator.start()

    def cycle(self, wait_ns: int, lose: bool) -> bool:
        wall, before = StationClock(), self._emulator.counts()["targets"]
        deadline_ns = wall.now_ns() + wait_ns
        while self._emulator.mode == RobotMode.MOVE and self._emulator.counts()["targets"] == before:
            self._emulator.cycle(self._clock.now_ns())  # no time has passed: it only listens
            if wall.now_ns() > deadline_ns:
                break
        came = self._emulator.counts()["targets"] > before
        if lose:
            self._emulator.inject(COMMUNICATION)
        self._clock.advance_ns(CYCLE_NS)
        self._plant.step(CYCLE_NS / 1e9)
        self._emulator.cycle(self._clock.now_ns())
        if lose:
            self._emulator.clear()
        return came

    def commanded(self) -> list[float]:
        return self._plant.position().tolist()


class LockstepFci:
    """The test's side. Until `cycles` is asked for, and after `let_go`, the controller goes on by itself."""

    def __init__(self, make: Callable[..., Controller], **settings: Any) -> None:
        self.address = own_address()
        self._pipe, other = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(other, make, self.address, settings), daemon=True)
        self._process.start()
        other.close()
        assert self._answer() == "listening"

    def cycles(self, count: int, lost: int = 0) -> np.ndarray:
        """Let cycles pass, of which the first `lost` lose their answer; return the commanded `(count, 7)` [rad]."""
        self._pipe.send((count, lost))
        return np.array(self._answer())

    def let_go(self) -> None:
        """Go on without waiting, so that a client can end its motion."""
        self._pipe.send((0, 0))
        self._answer()

    def close(self) -> None:
        self._pipe.close()
        self._process.join(ANSWER_TIMEOUT_S)
        self._process.close()

    def _answer(self) -> Any:
        assert self._pipe.poll(ANSWER_TIMEOUT_S), "the controller's process does not answer"
        return self._pipe.recv()


def _serve(pipe: Any, make: Callable[..., Controller], address: str, settings: dict[str, Any]) -> None:
    controller = make(address, **settings)
    pipe.send("listening")
    is_free, came = True, False
    while True:
        if is_free and not pipe.poll(CYCLE_NS / 1e9):
            came = controller.cycle(0, False)
            continue
        try:
            count, lost = pipe.recv()
        except EOFError:
            return
        is_free, rows = count == 0, []
        for k in range(count):
            came = controller.cycle(PATIENCE_NS if came else SOON_NS, k < lost)
            rows.append(controller.commanded())
        pipe.send(rows)
