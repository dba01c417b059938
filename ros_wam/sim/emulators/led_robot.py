"""A robot's emulated controllers and an emulated leader beside them, as one."""

from collections.abc import Mapping

from ros_wam.sim.emulators import leader
from ros_wam.sim.emulators.emulator import Emulator, ReceivedTarget
from ros_wam.sim.emulators.leader import LeaderEmulator
from ros_wam.sim.schedule import Schedule


class LedRobot:
    """See Emulator. The leader's buses are cycled as fast as its adapters pass on what they say."""

    def __init__(self, robot: Emulator, leader: LeaderEmulator) -> None:
        self._robot, self._leader = robot, leader
        self._cycles: Schedule | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        return (*self._robot.faults, *leader.FAULTS)

    @property
    def rate_hz(self) -> float:
        return max(self._robot.rate_hz, leader.RATE_HZ)

    def start(self) -> None:
        self._robot.start()
        self._leader.start()

    def cycle(self, now_ns: int) -> None:
        if self._cycles is None:
            self._cycles = Schedule(self._robot.rate_hz, now_ns - round(1e9 / self._robot.rate_hz))
        if self._cycles.due(now_ns):
            self._robot.cycle(now_ns)
        self._leader.cycle(now_ns)

    def inject(self, fault: str) -> None:
        (self._leader if fault in leader.FAULTS else self._robot).inject(fault)

    def clear(self) -> None:
        self._robot.clear()
        self._leader.clear()

    def received_targets(self) -> tuple[ReceivedTarget, ...]:
        return self._robot.received_targets()

    def counts(self) -> Mapping[str, int]:
        return self._robot.counts()

    def lead(self, joints: Mapping[str, float], duration_s: float, holds: bool) -> Mapping[str, int]:
        """Have the hand move the leader, see LeaderEmulator."""
        self._leader.lead(joints, duration_s, holds)
        return {}

    def close(self) -> None:
        self._robot.close()
        self._leader.close()
