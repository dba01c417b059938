"""An emulated leader: the arms that a station file names, on Dynamixel buses, moved by a simulated hand.

A servo that is left with torque on stays where it is, whatever the hand does. After an outage of power a servo knows
only where it is within its turn.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ros_wam.calibration import Station
from ros_wam.config import build
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SimError
from ros_wam.sim.emulators.dynamixel_bus import DynamixelBus
from ros_wam.sim.emulators.dynamixel_servo import MIDDLE, DynamixelServo
from ros_wam.sim.emulators.hand import Hand
from ros_wam.teleop.leader_settings import MODELS, LeaderArm, LeaderSettings
from ros_wam.types import FloatArray

UNPLUGGED, SILENT = "leader_unplugged", "leader_servo_silent"
"""The first port is gone; the third servo of the first arm hears and answers nothing."""
FAULTS = (UNPLUGGED, SILENT)
RATE_HZ = 1000.0
HELD = 0.99
"""The share of `hold_opening` up to which fingers open a gripper that they do not let go of."""
_TURN, _MOST_S = 4096, 60.0
_TORQUE_NM_PER_A = 1.8
"""Nothing is measured of it: there is no current without torque."""


class LeaderEmulator:
    """All arms of one leader, in the order of the robot file, at the robot's home; torque is on at first."""

    def __init__(self, settings: LeaderSettings, embodiment: Embodiment) -> None:
        """Raise ConfigError when the leader does not fit the robot."""
        settings.require_fit(embodiment)
        self._embodiment, self._settings = embodiment, settings
        self.hand = Hand(embodiment.home_position)
        self._arms = [settings.arms[name] for name in embodiment.arms]
        self._signs = [np.array((*arm.signs, 1)) for arm in self._arms]
        self._offsets = [np.array((*arm.offsets_rad, 0.0)) for arm in self._arms]
        self.servos = [_servos(arm) for arm in self._arms]
        self._angles = self._hand_angles()
        self._buses: dict[str, DynamixelBus] = {}
        for port in dict.fromkeys(arm.port for arm in self._arms):
            here = [servos for arm, servos in zip(self._arms, self.servos, strict=True) if arm.port == port]
            servos = [servo for each in here for servo in each.values()]
            self._buses[port] = DynamixelBus(Path(port), servos, self.sense, _nothing)

    @property
    def rate_hz(self) -> float:
        """How often it is to be cycled."""
        return RATE_HZ

    def start(self) -> None:
        """Listen."""
        for bus in self._buses.values():
            bus.port.open()

    def close(self) -> None:
        """Close every port. Repeatable."""
        for bus in self._buses.values():
            bus.port.close()

    def cycle(self, now_ns: int) -> None:
        """Move the hand, and serve the buses."""
        self.hand.advance(now_ns)
        for bus in self._buses.values():
            bus.cycle(now_ns)

    def inject(self, fault: str) -> None:
        """Begin one of `FAULTS`."""
        arm, servos = self._arms[0], self.servos[0]
        if fault == UNPLUGGED:
            self._buses[arm.port].port.close()
        elif fault == SILENT:
            servos[arm.ids[2]].muted = True
        else:
            raise SimError(f"no fault {fault!r} of a leader; there are: {', '.join(FAULTS)}")

    def clear(self) -> None:
        """End the faults."""
        for servos in self.servos:
            for servo in servos.values():
                servo.muted = False
        self.start()

    def lead(self, joints: Mapping[str, float], duration_s: float, holds: bool) -> None:
        """Have the hand move the joints that are named to where they are told; raises SimError for what there is not.

        With `holds` False its fingers let go of the grippers, which open.
        """
        names = self._embodiment.joint_names
        unknown = [name for name in joints if name not in names]
        if unknown:
            raise SimError(f"no joint {', '.join(unknown)}; there are: {', '.join(names)}")
        target = self.hand.position().copy()
        for name, value in joints.items():
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise SimError(f"{name} is {value!r}, must be a finite number")
            target[names.index(name)] = value
        if not isinstance(duration_s, int | float) or not 0.0 <= duration_s <= _MOST_S:
            raise SimError(f"duration_s is {duration_s!r}, must be 0 to {_MOST_S:g} s")
        self.hand.holds = bool(holds)
        self.hand.move(target, duration_s)

    def sense(self) -> None:
        """Let every servo measure its joint: those with torque where they were, the others where the hand is."""
        for arm, servos, kept, led in zip(self._arms, self.servos, self._angles, self._hand_angles(), strict=True):
            for k, number in enumerate((*arm.ids, arm.gripper.id)):
                servo = servos[number]
                if not servo.has_torque:
                    kept[k] = led[k]
                servo.sense(float(kept[k]), 0.0, 0.0)
                servo.table["present_position"] %= _TURN

    def _hand_angles(self) -> list[FloatArray]:
        """Return the angles of each arm's servos where the hand is [rad], the gripper's last."""
        rows = self.hand.position().reshape(len(self._arms), -1).copy()
        angles = []
        for arm, row, signs, offsets in zip(self._arms, rows, self._signs, self._offsets, strict=True):
            gripper = arm.gripper
            row[-1] = gripper.closed_rad + self._opening(row[-1]) * (gripper.open_rad - gripper.closed_rad)
            angles.append(signs * (row - offsets))
        return angles

    def _opening(self, opening: float) -> float:
        """Return how far a gripper is open that leads the robot's to `opening`: a hand that holds it never opens it."""
        limit = self._settings.hold_opening
        if not self.hand.holds:
            return 1.0
        return opening if limit is None else opening * limit * HELD


def _nothing() -> None:
    """A leader's servos are never driven."""


def _servos(arm: LeaderArm) -> dict[int, DynamixelServo]:
    models = dict(zip(arm.ids, arm.models, strict=True)) | {arm.gripper.id: arm.gripper.model}
    servos = {}
    for number in arm.numbers:
        model = MODELS[models.get(number, arm.models[0])]
        servo = servos[number] = DynamixelServo(
            {"id": number, "model": model, "baud_rate": 3, "return_delay": 0, "present_position": MIDDLE},
            mounting=1,
            torque_nm_per_a=_TORQUE_NM_PER_A,
        )
        servo.table["torque"] = 1
    return servos


def make_leader(name: str | None, station: Station, embodiment: Embodiment, run_dir: Path) -> LeaderEmulator | None:
    """Return the emulator, not yet listening, of a device whose ports are in `run_dir`; None for every other.

    Raises ConfigError for settings that are wrong.
    """
    leader = dict(station.leaders.get(name or "", {}))
    if leader.pop("driver", None) != "dynamixel":
        return None
    settings = build(leader, LeaderSettings, f"leader {name}")
    is_here = all(Path(arm.port).is_relative_to(run_dir) for arm in settings.arms.values())
    return LeaderEmulator(settings, embodiment) if is_here else None
