"""An emulated Robotiq 2F gripper behind the URCap's socket server (TCP 63352): `GET VAR` and `SET VAR n …`."""

from ros_wam.sim.emulators.lines import LineReader
from ros_wam.sim.emulators.plant import Plant
from ros_wam.sim.emulators.tcp import Connection, Receive

ROBOTIQ_PORT = 63352
SPEED_M_S = (0.020, 0.150)  # at SPE 0 and 255: Robotiq 2F-85 data sheet
FORCE_N = (20.0, 235.0)  # at FOR 0 and 255: the same
ACTIVATION_NS = 500_000_000
"""Real grippers take about 1.5 s, in which they open and close; the emulated one only waits."""
START_NS = 50_000_000
"""How long a new request reads as moving at least, before the fingers do."""
_COUNTS = 255
_TOLERANCE = 3  # counts between request and position that read as arrived
_MOVING_1_S = 0.01


class RobotiqServer:
    """One gripper. Positions are counts: 0 open … 255 closed. `frozen` makes it hear and answer nothing."""

    def __init__(self, plant: Plant, stroke_m: float) -> None:
        self.frozen = False
        self._plant, self._stroke_m = plant, stroke_m
        self._request = {"ACT": 0, "GTO": 0, "FOR": 0, "SPE": 255, "POS": 0, "ATR": 0, "ADR": 0}
        self._now_ns, self._activated_ns, self._requested_ns = 0, 0, 0
        self._closing = False

    def accept(self, connection: Connection) -> Receive:
        """Begin a session; returns what receives its bytes."""

        def take(line: str) -> None:
            if not self.frozen:
                connection.send(self.answer(line.split()).encode())

        return LineReader(take).receive

    def cycle(self, now_ns: int) -> None:
        """Keep the time."""
        self._now_ns = now_ns

    def answer(self, words: list[str]) -> str:
        """Carry out one line and return the reply, with its line end if it has one."""
        match words:
            case ["GET", name] if name in (*self._request, "PRE", "STA", "OBJ", "FLT"):
                return f"{name} {self._read(name)}\n"
            case ["SET", *pairs] if len(pairs) % 2 == 0 and pairs:
                return "ack" if self._set(dict(zip(pairs[::2], pairs[1::2], strict=True))) else "?\n"
        return "?\n"

    def _set(self, values: dict[str, str]) -> bool:
        if not all(
            name in self._request and text.isdecimal() and int(text) <= _COUNTS for name, text in values.items()
        ):
            return False
        asked = {name: int(text) for name, text in values.items()}
        if asked.get("ACT") == 1 and self._request["ACT"] == 0:
            self._activated_ns = self._now_ns
        self._request |= asked
        if self._status() == 3 and self._request["GTO"] == 1:
            self._go()
        elif asked.get("GTO") == 0:
            self._plant.set_gripper_target(self._plant.gripper_position(), 1.0, FORCE_N[1])
        return True

    def _go(self) -> None:
        counts = self._request["POS"]
        self._closing, self._requested_ns = counts > self._position(), self._now_ns
        speed = SPEED_M_S[0] + self._request["SPE"] / _COUNTS * (SPEED_M_S[1] - SPEED_M_S[0])
        force = FORCE_N[0] + self._request["FOR"] / _COUNTS * (FORCE_N[1] - FORCE_N[0])
        self._plant.set_gripper_target(1.0 - counts / _COUNTS, speed / self._stroke_m, force)

    def _read(self, name: str) -> int:
        match name:
            case "POS":
                return self._position()
            case "PRE":
                return self._request["POS"]
            case "STA":
                return self._status()
            case "OBJ":
                return self._object()
            case "FLT":
                return 0 if self._request["ACT"] else 5  # 5: must be activated first
        return self._request[name]

    def _position(self) -> int:
        return min(max(round((1.0 - self._plant.gripper_position()) * _COUNTS), 0), _COUNTS)

    def _status(self) -> int:
        if not self._request["ACT"]:
            return 0
        return 3 if self._now_ns - self._activated_ns >= ACTIVATION_NS else 1

    def _object(self) -> int:
        """Return 0 moving, 1 stopped while opening, 2 stopped while closing, 3 arrived."""
        if abs(self._position() - self._request["POS"]) <= _TOLERANCE:
            return 3
        moving = abs(self._plant.gripper_velocity()) > _MOVING_1_S
        if moving or self._now_ns - self._requested_ns < START_NS or self._request["GTO"] == 0:
            return 0
        return 2 if self._closing else 1
