"""Which servo of an arm does not answer, and since when: all after it on the line are mute with it."""

from collections.abc import Callable, Collection

from ros_wam.drivers import dynamixel_setup as setup
from ros_wam.drivers.dynamixel_port import DynamixelPort
from ros_wam.drivers.dynamixel_servos import NUMBERS, SERVOS
from ros_wam.drivers.dynamixel_state import BEGIN

PATIENT_EVERY = 10
"""Waiting for a servo that is known to be silent is hurried, since the others wait for goals; but every tenth time."""
LONGEST_WAIT_NS = 200_000_000
"""What one failed reading with its questions takes at most; beyond that the computer was late, not the servos."""


class Silence:
    """Of one arm; for the thread that reads it."""

    def __init__(self, arm: str, path: str) -> None:
        self._arm, self._path = arm, path
        self.why = "nothing was read yet"
        self.waited_ns = self._failures = 0
        """For how long in a row answers were waited for in vain."""
        self._suspect: int | None = None
        self._is_known = False

    @property
    def is_hurried(self) -> bool:
        """Whether the next reading shall not wait long for answers."""
        return self._is_known and self._failures % PATIENT_EVERY != 0

    @property
    def deaf_joint(self) -> Collection[int]:
        """The two servos of a joint one of which does not answer: of a goal that one hears they would fight."""
        return () if self._suspect is None else partners(self._suspect)

    def broken(self) -> None:
        """Take note that all have answered."""
        self.why, self.waited_ns, self._failures = "its last reading was good", 0, 0
        self._suspect, self._is_known = None, False

    def endured(self, duration_ns: int) -> None:
        """Take note of how long was waited in vain."""
        self.waited_ns += min(duration_ns, LONGEST_WAIT_NS)

    def blame(self, port: DynamixelPort, suspect: int, why: str, meanwhile: Callable[[], object]) -> bool:
        """Find out what is wrong: ask the servo that was the first to be missing by itself, and the last one.

        `meanwhile` is called between the questions. Returns whether it is known since now that `suspect` is silent.
        """
        self._failures += 1
        if self._is_known:
            return False
        self._suspect = suspect
        self.why = f"{setup.servo_name(self._arm, suspect)}: {why}"
        if self._failures < 2:
            return False
        meanwhile()
        if port.read([suspect], BEGIN, 1).missing is None:
            self.why = f"one answer failed, {self.why}"
            return False
        meanwhile()
        if suspect != NUMBERS[-1] and port.read([NUMBERS[-1]], BEGIN, 1).missing is not None:
            self.why = f"no servo answers on {self._path}: {why}"
            return False
        self.why = f"{setup.servo_name(self._arm, suspect)} does not answer: {why}"
        self._is_known = True
        return True


def partners(number: int) -> tuple[int, ...]:
    """Return the two servos of the joint that servo `number` drives with another; none if it drives it alone."""
    servo = SERVOS[number - 1]
    pairs = ((other.shadow_of, other.number) for other in SERVOS if other.shadow_of != 255)
    return next((pair for pair in pairs if servo.number in pair), ())
