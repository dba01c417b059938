"""The realtime port of an emulated UR controller (TCP 30003): takes URScript programs as text."""

from collections.abc import Callable

from ros_wam.sim.emulators.lines import LineReader
from ros_wam.sim.emulators.tcp import Connection, Receive

SCRIPT_PORT = 30003


class ScriptPort:
    """Collects uploaded programs. `run` is called with the text of each, from `def` to its `end`, or one line alone."""

    def __init__(self, run: Callable[[str], None]) -> None:
        self._run = run

    def accept(self, _: Connection) -> Receive:
        """Begin a session; returns what receives its bytes."""
        program: list[str] = []

        def take(line: str) -> None:
            begins = line.startswith(("def ", "sec "))
            if program or begins:
                program.append(line)
                if line.rstrip() == "end":
                    text = "\n".join(program)
                    program.clear()
                    self._run(text)
            elif line.strip():
                self._run(line)

        return LineReader(take).receive
