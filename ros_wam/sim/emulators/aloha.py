"""An emulated ALOHA: two ViperX-300 S followers, each on a Dynamixel bus that the unmodified dynamixel_sdk opens.

A fault is the left arm's: the robot has lost an arm then, and the other must not go on alone. The right bus lives on.
"""

from collections import deque

import numpy as np

from ros_wam.errors import SimError
from ros_wam.sim.emulators.aloha_arm import GRIPPER, RATE_HZ, AlohaArm
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.types import FloatArray

FREEZE, DROP, SLOW, BAD_CRC = "freeze", "drop", "slow", "bad_crc"
"""Nothing passes the adapter; it is unplugged; every answer comes 60 ms late; no answer has a right CRC."""
SILENT_SERVO, STUCK_SERVO, OVERLOAD, GRIPPER_FREEZE = "silent_servo", "stuck_servo", "overload", "gripper_freeze"
"""The elbow's servo hears and answers nothing; takes goals but stays; switches itself off; the gripper's is silent."""
ELBOW = 4
TARGETS_KEPT = 4096
TOGETHER_NS = 5_000_000
"""Goals for both arms come within this; half a period of control."""


class AlohaEmulator:
    """Both arms, in the order of the robot file. Starts as after the morning's power-on: torque is off."""

    faults = (FREEZE, DROP, SLOW, BAD_CRC, SILENT_SERVO, STUCK_SERVO, OVERLOAD, GRIPPER_FREEZE)
    rate_hz = RATE_HZ

    def __init__(self, arms: list[AlohaArm]) -> None:
        self.arms = arms
        self._now_ns = self._fresh_ns = self._received = 0
        self._goals: dict[int, FloatArray] = {}
        self._fresh: set[int] = set()
        self._targets: deque[ReceivedTarget] = deque(maxlen=TARGETS_KEPT)

    def start(self) -> None:
        for arm in self.arms:
            arm.bus.port.open()

    def close(self) -> None:
        for arm in self.arms:
            arm.bus.port.close()

    def cycle(self, now_ns: int) -> None:
        self._now_ns = now_ns
        for k, arm in enumerate(self.arms):
            goal = arm.cycle(now_ns)
            if goal is not None:
                self._note(k, goal)
        if self._fresh and now_ns - self._fresh_ns > TOGETHER_NS:
            self._pair()

    def inject(self, fault: str) -> None:
        arm = self.arms[0]
        match fault:
            case "freeze":
                arm.bus.frozen = True
            case "drop":
                arm.bus.port.close()
            case "slow":
                arm.bus.slow = True
            case "bad_crc":
                arm.bus.corrupt = True
            case "silent_servo":
                arm.servos[ELBOW].muted = True
            case "stuck_servo":
                arm.stuck.add(ELBOW)
            case "overload":
                arm.servos[ELBOW].overloaded = True
            case "gripper_freeze":
                arm.servos[GRIPPER].muted = True
            case _:
                raise SimError(f"no fault {fault!r}; there are: {', '.join(self.faults)}")

    def clear(self) -> None:
        """See Emulator. A servo that switched itself off has to be rebooted, an expired watchdog to be cleared."""
        for arm in self.arms:
            arm.bus.frozen = arm.bus.slow = arm.bus.corrupt = False
            arm.stuck.clear()
            for servo in arm.servos.values():
                servo.muted = servo.overloaded = False
            arm.bus.port.open()

    def received_targets(self) -> tuple[ReceivedTarget, ...]:
        return tuple(self._targets)

    def forget_targets(self) -> None:
        """Begin `received_targets` anew."""
        self._targets.clear()

    def counts(self) -> dict[str, int]:
        """See Emulator; `reads`: instructions to read that came over both buses."""
        return {"targets": self._received, "reads": sum(arm.bus.reads for arm in self.arms)}

    def _note(self, arm: int, goal: FloatArray) -> None:
        """Make one target of the goals that belong together, which come over two buses one after the other."""
        if arm in self._fresh:
            self._pair()
        if not self._fresh:
            self._fresh_ns = self._now_ns
        self._goals[arm] = goal
        self._fresh.add(arm)
        if len(self._fresh) == len(self.arms):
            self._pair()

    def _pair(self) -> None:
        self._fresh.clear()
        if len(self._goals) == len(self.arms):
            joined = np.concatenate([self._goals[k] for k in range(len(self.arms))])
            self._received += 1
            self._targets.append(ReceivedTarget(self._now_ns, joined))
