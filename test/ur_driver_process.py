"""The UR driver in a process of its own that holds the arm and tells what it meets: the vendor library may crash it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
EVENT_TIMEOUT_S = 20.0


class UrDriverProcess:
    """The test's side. The child says `running`, then the name of each new error, up to DriverError: the link is lost.

    Then it ends, or uses the driver once more if it is told to.
    """

    def __init__(self, robot: str, address: str) -> None:
        command = [sys.executable, str(Path(__file__)), robot, address]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def event(self) -> str:
        """Return the next thing it says, empty when it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def events_until(self, last: str, or_its_end: bool = False) -> list[str]:
        """Return what it says up to `last`, or up to its end."""
        events: list[str] = []
        while last not in events:
            event = self.event()
            if not event and or_its_end:
                return events
            assert event, f"it ended after {events}"
            events.append(event)
        return events

    def use_again(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("again\n")
        self._process.stdin.flush()

    def exit_code(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(EVENT_TIMEOUT_S)

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(EVENT_TIMEOUT_S)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()


def _run(robot: str, address: str) -> None:
    from ros_wam.clock import StationClock
    from ros_wam.drivers import driver_module
    from ros_wam.embodiment import load_embodiment
    from ros_wam.errors import DriverError, DriverSpent, RobotStopped, StateStale
    from ros_wam.types import Command

    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # ur_rtde writes to the standard output
    clock, embodiment = StationClock(), load_embodiment(ROOT / "robots" / f"{robot}.yaml")
    driver = driver_module("ur5").open_driver(embodiment, {"address": address}, clock)
    driver.connect()
    hold = driver.read().position
    told = "running"
    events.write("running\n")
    while told != "DriverError":
        clock.sleep_until_ns(clock.now_ns() + round(embodiment.period_s * 1e9))
        try:
            driver.read()
            driver.send(Command(clock.now_ns(), hold))
            continue
        except (StateStale, RobotStopped) as error:
            name = type(error).__name__
        except DriverError:
            name = "DriverError"
        if name != told:
            told = name
            events.write(f"{told}\n")
    if sys.stdin.readline():
        driver.stop()
        for verb in (driver.recover, driver.close, driver.connect):
            try:
                verb()
            except DriverSpent:
                events.write("DriverSpent\n")
    os._exit(0)  # the library's threads may hang or crash an ordinary exit


if __name__ == "__main__":
    _run(sys.argv[1], sys.argv[2])
