"""Makes something go wrong in every trial of a simulated sitting: `ros-wam eval --sim --inject NAME`."""

import json
from typing import Any

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, SimError
from ros_wam.sim.emulators import emulated_faults
from ros_wam.sim.emulators.leader import FAULTS as LEADER_FAULTS
from ros_wam.sim.link import SimLink

INJECT_AFTER_S = 2.0
FROZEN_CAMERA, PHYSICS_STALL = "frozen_camera", "physics_stall"
"""The faults of a station whatever its controllers are."""


def check_fault(embodiment: Embodiment, name: str, is_led: bool = False) -> None:
    """Raise ConfigError unless the simulated station of `embodiment`, or of its leader, knows the fault `name`."""
    leaders = LEADER_FAULTS if is_led else ()
    names = sorted({*emulated_faults(embodiment), FROZEN_CAMERA, PHYSICS_STALL, *leaders})
    if name not in names:
        raise ConfigError(f"no fault {name!r}; there are: {', '.join(names)}")


class Injection:
    """Begins a fault two seconds into each trial, and ends it when the trial is scored."""

    def __init__(self, link: SimLink, fault: str) -> None:
        self._link, self._fault = link, fault
        self._active = False

    def see(self, line: str) -> None:
        """Take one line of `trial_node`'s progress. A simulator that does not answer is the trial's to tell."""
        try:
            event: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            return
        try:
            if event["state"] == "running" and event["elapsed_s"] >= INJECT_AFTER_S and not self._active:
                self._active = True
                self._link.inject(self._fault)
            elif event["state"] == "scored" and self._active:
                self._active = False
                self._link.clear()
        except SimError:
            return
