"""The dashboard server of an emulated UR controller (TCP 29999): one command per line, one line back."""

from typing import Protocol

from ros_wam.sim.emulators.lines import LineReader
from ros_wam.sim.emulators.tcp import Connection, Receive

DASHBOARD_PORT = 29999
GREETING = "Connected: Universal Robots Dashboard Server"
UNLOCK_REFUSED = "Cannot unlock protective stop until 5s after occurrence. Always inspect cause of protective stop"


class Dashboard(Protocol):
    """What the dashboard shows and does."""

    @property
    def is_running(self) -> bool: ...

    @property
    def is_protectively_stopped(self) -> bool: ...

    def stop_program(self, reason: str) -> None: ...

    def unlock(self) -> bool:
        """Unlock a protective stop; returns whether it was possible."""
        ...


class DashboardServer:
    """Answers the commands that clients of a robot arm use, in the words of the real server."""

    def __init__(self, controller: Dashboard, version: str, model: str, serial_number: str) -> None:
        """`version` as PolyScope shows it, such as `URSoftware 5.11.1.108318 (Oct 01 2021)`."""
        self._controller = controller
        self._fixed = {
            "PolyscopeVersion": version,
            "get robot model": model,
            "get serial number": serial_number,
            "is in remote control": "true",
            "robotmode": "Robotmode: RUNNING",
            "get loaded program": "No program loaded",
            "close popup": "closing popup",
            "close safety popup": "closing safety popup",
            "power on": "Powering on",
            "brake release": "Brake releasing",
            "play": "Failed to execute: play",
            "pause": "Failed to execute: pause",
        }

    def accept(self, connection: Connection) -> Receive:
        """Greet a client; returns what receives its bytes."""

        def take(line: str) -> None:
            command = line.strip()
            connection.send((self.answer(command) + "\n").encode())
            if command == "quit":
                connection.close()

        connection.send((GREETING + "\n").encode())
        return LineReader(take).receive

    def answer(self, command: str) -> str:
        """Carry out one command, spelled as UR spells it, and return the reply."""
        if command in self._fixed:
            return self._fixed[command]
        controller = self._controller
        safety = "PROTECTIVE_STOP" if controller.is_protectively_stopped else "NORMAL"
        match command:
            case "running":
                return f"Program running: {str(controller.is_running).lower()}"
            case "programState":
                return f"{'PLAYING' if controller.is_running else 'STOPPED'} <unnamed>"
            case "safetymode":
                return f"Safetymode: {safety}"
            case "safetystatus":
                return f"Safetystatus: {safety}"
            case "stop":
                controller.stop_program("dashboard stop")
                return "Stopped"
            case "unlock protective stop":
                return "Protective stop releasing" if controller.unlock() else UNLOCK_REFUSED
            case "quit":
                return "Disconnected"
        return f'could not understand: "{command}"'
