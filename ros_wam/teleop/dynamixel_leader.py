"""Leaders of Dynamixel servos over dynamixel_sdk 4.1.0: ALOHA's WidowX-250 S, and GELLO's for UR5, Franka and ARX-5.

A leader is a likeness of the robot's arm without torque: its joints are the robot's, by signs and offsets of the
station file. The servos must be set to 1 Mbaud. One reading that fails is passed over: the reading before, with its own
stamp, is said again for up to `PATIENCE_NS`.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.config import build
from ros_wam.drivers.dynamixel_servos import radians
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, LeaderError
from ros_wam.teleop.device import Reading
from ros_wam.teleop.leader_bus import LeaderBus
from ros_wam.teleop.leader_settings import LeaderArm, LeaderSettings
from ros_wam.teleop.turns import Turns
from ros_wam.types import FloatArray

PATIENCE_NS = 50_000_000
"""Silence for longer is a lost leader: before control counts it as one, after 80 ms."""


class DynamixelLeader:
    """See Device. A reading is stamped when the servos of the bus that was read first were asked."""

    def __init__(self, name: str, settings: LeaderSettings, embodiment: Embodiment, clock: Clock) -> None:
        self._name, self._settings, self._clock = name, settings, clock
        arms = [settings.arms[arm] for arm in embodiment.arms]
        self._signs, self._offsets = _joined(arms, "signs", 1.0), _joined(arms, "offsets_rad", 0.0)
        self._grippers = np.flatnonzero(embodiment.is_gripper)
        self._closed = np.array([arm.gripper.closed_rad for arm in arms])
        self._span = np.array([arm.gripper.open_rad - arm.gripper.closed_rad for arm in arms])
        near = embodiment.home_position.copy()
        near[self._grippers] = self._closed + self._span / 2.0
        self._turns = Turns(near)
        self._places = [(arm.port, number) for arm in arms for number in (*arm.ids, arm.gripper.id)]
        self._buses = {port: _bus(port, arms, clock) for port in dict.fromkeys(arm.port for arm in arms)}
        self._is_open = False
        self._newest: Reading | None = None

    def open(self) -> None:
        """See Device. Hold the leader: an arm that had torque has none any more."""
        self.close()
        self._turns.reset()
        try:
            for bus in self._buses.values():
                bus.open()
        except LeaderError as error:
            self.close()
            raise LeaderError(f"leader {self._name}: {error}") from error
        self._is_open = True

    def read(self) -> Reading:
        """See Device."""
        if not self._is_open:
            raise LeaderError(f"leader {self._name} is not open")
        asked_ns = self._clock.now_ns()
        try:
            ticks = {port: bus.read() for port, bus in self._buses.items()}
        except LeaderError as error:
            if self._newest is not None and self._clock.now_ns() - self._newest.stamp_ns <= PATIENCE_NS:
                return replace(self._newest, pressed=())
            raise LeaderError(f"leader {self._name}: {error}") from error
        angles = np.array([radians(ticks[port][number]) for port, number in self._places])
        self._newest = self._reading(angles, asked_ns)
        return self._newest

    def close(self) -> None:
        """See Device. The arm stays without torque."""
        self._is_open, self._newest = False, None
        for bus in self._buses.values():
            bus.close()

    def _reading(self, angles: FloatArray, asked_ns: int) -> Reading:
        """Return the reading of the servos' `(n,)` angles [rad]."""
        joints = self._turns.follow(self._signs * angles + self._offsets).copy()
        opening = np.clip((joints[self._grippers] - self._closed) / self._span, 0.0, 1.0)
        limit, held = self._settings.hold_opening, None
        if limit is not None:
            held = bool((opening < limit).all())
            opening = np.minimum(opening / limit, 1.0)
        joints[self._grippers] = opening
        return Reading(asked_ns - round(self._settings.latency_s * 1e9), joints=joints, held=held)


def _joined(arms: list[LeaderArm], key: str, gripper: float) -> FloatArray:
    """`(n,)`: a setting of every joint, with a value for each gripper, whose angle is the servo's own."""
    return np.array([value for arm in arms for value in (*getattr(arm, key), gripper)], dtype=np.float64)


def _bus(port: str, arms: list[LeaderArm], clock: Clock) -> LeaderBus:
    models: dict[int, str] = {}
    others: list[int] = []
    for arm in (arm for arm in arms if arm.port == port):
        models |= dict(zip(arm.ids, arm.models, strict=True)) | {arm.gripper.id: arm.gripper.model}
        others += arm.others
    return LeaderBus(port, models, others, clock)


def make_device(
    name: str, settings: Mapping[str, Any], embodiment: Embodiment, run_dir: Path, clock: Clock
) -> DynamixelLeader:
    """See `ros_wam.teleop`."""
    checked = build(dict(settings), LeaderSettings, f"leader {name}")
    try:
        checked.require_fit(embodiment)
    except ConfigError as error:
        raise ConfigError(f"leader {name}: {error}") from error
    return DynamixelLeader(name, checked, embodiment, clock)
