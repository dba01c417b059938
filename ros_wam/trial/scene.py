"""Who lays the scene out and says what was achieved: the simulator, or the operator."""

import threading
from pathlib import Path
from typing import Protocol

from ros_wam.causes import Cause
from ros_wam.errors import SimError
from ros_wam.sim.link import SimLink
from ros_wam.types import Stage

SCORE_PERIOD_S = 0.05
ANSWER_TIMEOUT_S = 3.0


class Scene(Protocol):
    """The part of a station that lies on the table. No call blocks.

    `robot_first`: whether the robot must be at home before the scene is laid out; else it must not move until then.
    """

    robot_first: bool

    def reset(self, seed: int) -> None:
        """Begin to lay the scene out."""
        ...

    def reset_done(self) -> bool:
        """Return whether it is laid out."""
        ...

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        """Return the newest stages, and whether the task is achieved."""
        ...

    def fault(self) -> tuple[Cause, str] | None:
        """Return what is wrong with the scene."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class OperatorScene:
    """A real table: the operator lays it out, says so to the trial, and gives the verdict."""

    robot_first = False

    def reset(self, seed: int) -> None:
        """See Scene."""

    def reset_done(self) -> bool:
        """See Scene."""
        return True

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        """See Scene."""
        return (), False

    def fault(self) -> tuple[Cause, str] | None:
        """See Scene."""
        return None

    def close(self) -> None:
        """See Scene."""


class SimScene:
    """The simulator's table, asked by a thread of its own: the simulator may take its time."""

    robot_first = True  # objects that appear within the robot are thrown off the table

    def __init__(self, socket_path: Path) -> None:
        self._link = SimLink(socket_path)
        self._lock = threading.Lock()
        self._seed: int | None = None
        self._score: tuple[tuple[Stage, ...], bool] = ((), False)
        self._fault: tuple[Cause, str] | None = (Cause.NOT_READY, "the simulator has not answered yet")
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scene", daemon=True)
        self._thread.start()

    def reset(self, seed: int) -> None:
        """See Scene."""
        with self._lock:
            self._seed = seed
            self._score = ((), False)

    def reset_done(self) -> bool:
        """See Scene."""
        return self._seed is None

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        """See Scene."""
        return self._score

    def fault(self) -> tuple[Cause, str] | None:
        """See Scene."""
        return self._fault

    def close(self) -> None:
        """See Scene."""
        self._closed.set()
        self._thread.join(timeout=2 * ANSWER_TIMEOUT_S)

    def _run(self) -> None:
        met = False
        while not self._closed.wait(SCORE_PERIOD_S):
            seed = self._seed
            try:
                if seed is not None:
                    self._link.reset(seed, ANSWER_TIMEOUT_S)
                score = self._link.score(ANSWER_TIMEOUT_S)
            except SimError as error:  # one that has never answered may still be starting
                self._fault = (Cause.SIMULATION_FAILED if met else Cause.NOT_READY, str(error))
                continue
            met, self._fault = True, None
            with self._lock:
                if self._seed is seed:
                    self._seed = None
                    self._score = score
