"""The simulated station in real time: physics on absolute deadlines, emulated controllers, cameras, scores, faults."""

import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from ros_wam.calibration import CameraStation
from ros_wam.clock import Clock
from ros_wam.errors import SimError
from ros_wam.sim.control_socket import ControlSocket, Verb
from ros_wam.sim.emulators.emulator import Emulator
from ros_wam.sim.injection import FROZEN_CAMERA, PHYSICS_STALL
from ros_wam.sim.link import score_fields, target_fields
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.schedule import Schedule
from ros_wam.sim.scoring import SCORE_PERIOD_NS, Scorer
from ros_wam.sim.world import STEP_NS, Snapshot

SLIP_NS = 100_000_000
"""A loop that is later than this does not catch up: it lets the world's time slip, and says so by `slipped_ns`."""


class Pictures(Protocol):
    """Takes pictures of a snapshot, elsewhere."""

    def send(self, snapshot: Snapshot, stamp_ns: int, due: Collection[str], frozen: Collection[str]) -> None: ...


class Station:
    """One world in real time. `tick` is one physics step; everything happens in the thread that calls it."""

    def __init__(
        self,
        robot: SimRobot,
        scorer: Scorer,
        emulator: Emulator,
        cameras: Mapping[str, CameraStation],
        pictures: Pictures,
        socket_path: Path,
        clock: Clock,
        verbs: Mapping[str, Verb] = MappingProxyType({}),
    ) -> None:
        """Begin now. Frames may be dropped by `pictures`; physics steps never are. `verbs`: further ones.

        An emulator that is faster than the physics, up to twice, is cycled between two steps too.
        """
        self._robot, self._scorer, self._emulator, self._pictures = robot, scorer, emulator, pictures
        self._clock = clock
        self.slipped_ns = 0
        self._epoch_ns = clock.now_ns() - robot.world.time_ns
        time_ns = robot.world.time_ns
        self._cycles = Schedule(emulator.rate_hz, time_ns)
        self._between = emulator.rate_hz * STEP_NS > 1e9
        self._shutters = {view: Schedule(camera.rate_hz, time_ns) for view, camera in cameras.items()}
        self._scoring = Schedule(1e9 / SCORE_PERIOD_NS, time_ns)
        self._faults: set[str] = set()
        self._socket = ControlSocket(
            socket_path,
            {
                "reset": self._reset,
                "score": lambda: score_fields(self._scorer.stages(), self._scorer.succeeded()),
                "received_targets": self._received_targets,
                "counts": lambda: dict(self._emulator.counts()),
                "inject": self._inject,
                "clear": self._clear,
                "faults": lambda: {"faults": self._fault_names()},
                **verbs,
            },
        )

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set. Raises SimError when the pictures' process has ended."""
        while not stop.is_set():
            self.tick()

    def tick(self) -> None:
        """Wait for the next step's time and take it."""
        if self._between:
            self._clock.sleep_until_ns(self._epoch_ns + self._robot.world.time_ns + STEP_NS // 2)
            self._cycle(self._robot.world.time_ns + STEP_NS // 2)
        deadline_ns = self._epoch_ns + self._robot.world.time_ns + STEP_NS
        self._clock.sleep_until_ns(deadline_ns)
        now_ns = self._clock.now_ns()
        if PHYSICS_STALL in self._faults:
            self._epoch_ns += now_ns - deadline_ns + STEP_NS
            self._socket.serve()
            return
        if now_ns - deadline_ns > SLIP_NS:
            self._epoch_ns += now_ns - deadline_ns
            self.slipped_ns += now_ns - deadline_ns
        self._robot.step()
        self._serve(self._robot.world.time_ns)

    def close(self) -> None:
        """Close the control socket; the emulators belong to whoever started them."""
        self._socket.close()

    def _serve(self, time_ns: int) -> None:
        """Do what is due at simulated `time_ns`.

        Stamps are the station time of that state, which a loop that catches up is behind by up to `SLIP_NS`.
        """
        stamp_ns = self._epoch_ns + time_ns
        self._cycle(time_ns)
        due = [view for view, schedule in self._shutters.items() if schedule.due(time_ns)]
        if due:
            frozen = due if FROZEN_CAMERA in self._faults else []
            self._pictures.send(self._robot.world.snapshot(self._epoch_ns), stamp_ns, due, frozen)
        if self._scoring.due(time_ns):
            self._scorer.update(stamp_ns)
            self._socket.serve()

    def _cycle(self, time_ns: int) -> None:
        if PHYSICS_STALL not in self._faults and self._cycles.due(time_ns):
            self._emulator.cycle(self._epoch_ns + time_ns)

    def _reset(self, seed: int) -> Mapping[str, Any]:
        self._robot.world.reset(seed)
        self._scorer.reset()
        return {}

    def _received_targets(self, after_ns: int) -> Mapping[str, Any]:
        return target_fields(self._emulator.received_targets(), after_ns)

    def _fault_names(self) -> list[str]:
        return sorted({*self._emulator.faults, FROZEN_CAMERA, PHYSICS_STALL})

    def _inject(self, fault: str) -> Mapping[str, Any]:
        if fault not in self._fault_names():
            raise SimError(f"no fault {fault!r}; there are: {', '.join(self._fault_names())}")
        if fault in (FROZEN_CAMERA, PHYSICS_STALL):
            self._faults.add(fault)
        else:
            self._emulator.inject(fault)
        return {}

    def _clear(self) -> Mapping[str, Any]:
        self._faults.clear()
        self._emulator.clear()
        return {}
