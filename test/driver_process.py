"""Any driver in a process of its own, used as if it were in this one: its vendor library may crash or hang it.

Whatever ends the process is told as DriverSpent, as the supervisor of the control process takes it.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ros_wam.errors import DriverSpent
from ros_wam.types import Command, JointState

ROOT = Path(__file__).parents[1]
ANSWER_TIMEOUT_S = 30.0
ENDINGS = (0, 3, -signal.SIGSEGV, -signal.SIGABRT)
"""How a vendor library may end the process: it exits, or crashes. Anything else is a defect of ours, or hangs."""


class DriverProcess:
    """A Driver. `prefix` goes before the command that starts the process."""

    def __init__(self, robot_file: Path, settings: Mapping[str, Any], prefix: Sequence[str] = ()) -> None:
        ours, theirs = socket.socketpair()
        command = [*prefix, sys.executable, str(Path(__file__)), str(theirs.fileno())]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))}
        with theirs:
            self.process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), env=environment)
        self._line = Connection(ours.detach())
        self._ask("open", robot_file, dict(settings))

    def connect(self) -> None:
        self._ask("connect")

    def read(self) -> JointState:
        state: JointState = self._ask("read")
        return state

    def send(self, command: Command) -> Command:
        sent: Command = self._ask("send", command)
        return sent

    def stop(self) -> None:
        self._ask("stop")

    def recover(self) -> None:
        self._ask("recover")

    def facts(self) -> Mapping[str, str]:
        facts: Mapping[str, str] = self._ask("facts")
        return facts

    def close(self) -> None:
        self._ask("close")

    def end(self) -> int:
        """End the process, by force if it hangs; return its exit status. Repeatable."""
        self._line.close()
        try:
            return self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(ANSWER_TIMEOUT_S)

    def _ask(self, verb: str, *arguments: Any) -> Any:
        if self._line.closed:
            raise DriverSpent(f"the driver's process ended with status {self.end()}")
        try:
            self._line.send((verb, arguments))
            if not self._line.poll(ANSWER_TIMEOUT_S):
                self.process.kill()
            failed, answer = self._line.recv()
        except (EOFError, ConnectionError) as error:
            status = self.end()
            assert status in ENDINGS, f"the driver's process ended with status {status} in {verb}"
            how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
            raise DriverSpent(f"the driver's process ended {how}") from error
        if failed:
            raise answer
        return answer


def _serve(line: Connection) -> None:
    """Do what is asked on `line` until it ends."""
    from ros_wam.clock import StationClock
    from ros_wam.drivers import driver_module
    from ros_wam.embodiment import load_embodiment
    from ros_wam.errors import RosWamError

    driver: Any = None
    while True:
        try:
            verb, arguments = line.recv()
        except (EOFError, ConnectionError):
            os._exit(0)  # the library's threads may hang or crash an ordinary exit
        try:
            if verb == "open":
                embodiment = load_embodiment(arguments[0])
                driver = driver_module(embodiment.driver).open_driver(embodiment, arguments[1], StationClock())
                answer = None
            else:
                answer = getattr(driver, verb)(*arguments)
        except RosWamError as error:
            line.send((True, error))
        else:
            line.send((False, dict(answer) if verb == "facts" else answer))


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
