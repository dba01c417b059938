"""The servos of a leader on one bus: without torque, so that a hand moves them, and read as often as they are asked."""

from collections.abc import Mapping, Sequence

from ros_wam.clock import Clock
from ros_wam.drivers import dynamixel_servos as dxl
from ros_wam.drivers.dynamixel_port import DynamixelPort
from ros_wam.errors import ConfigError, DriverError, LeaderError
from ros_wam.teleop.leader_settings import MODELS

READ_NS = 15_000_000
"""Within this a reading is tried again: it leaves a 50 Hz period room, unlike the 35 ms that the SDK would wait."""
_BEGIN = dxl.PRESENT_POSITION.address


class LeaderBus:
    """One port. `models`: the servos that are read, by ID; `others` only have their torque switched off.

    Errors name the servo, or the port. Owned by one thread.
    """

    def __init__(self, path: str, models: Mapping[int, str], others: Sequence[int], clock: Clock) -> None:
        self._path, self._models, self._clock = path, dict(models), clock
        self._numbers = [*models, *others]
        self._port: DynamixelPort | None = None

    def open(self) -> None:
        """Connect, compare the servos with the station file, and switch their torque off; raises LeaderError."""
        self.close()
        try:
            self._port = DynamixelPort(self._path, self._clock)
            self._compare(self._port)
            self._release(self._port)
        except (ConfigError, DriverError) as error:  # the library may not be installed
            self.close()
            raise LeaderError(str(error)) from error
        except LeaderError:
            self.close()
            raise

    def read(self) -> dict[int, int]:
        """Return the position of each servo that is read, in ticks; raises LeaderError that names who is silent."""
        if self._port is None:
            raise LeaderError(f"the servo bus {self._path} is not open")
        numbers = list(self._models)
        deadline_ns = self._clock.now_ns() + READ_NS
        try:
            while True:
                answers = self._port.read(numbers, _BEGIN, dxl.PRESENT_POSITION.size, is_hurried=True)
                if answers.missing is None:
                    return {number: dxl.PRESENT_POSITION.of(data, _BEGIN) for number, data in answers.items()}
                if self._clock.now_ns() >= deadline_ns:
                    raise LeaderError(f"servo {answers.missing} of {self._path} does not answer: {answers.why}")
        except DriverError as error:
            raise LeaderError(str(error)) from error

    def close(self) -> None:
        """Give the port back; repeatable."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _compare(self, port: DynamixelPort) -> None:
        for number, data in self._surely(port, dxl.MODEL).items():
            wanted = self._models.get(number)
            if wanted is not None and data != MODELS[wanted]:
                found = next((name for name, model in MODELS.items() if model == data), f"model {data}")
                raise LeaderError(f"servo {number} of {self._path} is of {found}, the station file says {wanted}")

    def _release(self, port: DynamixelPort) -> None:
        """Switch the torque of every servo off, and look whether it is: an arm with torque would fight the hand."""
        port.write_all(dxl.TORQUE, dict.fromkeys(self._numbers, 0))
        on = [number for number, torque in self._surely(port, dxl.TORQUE).items() if torque]
        if on:
            raise LeaderError(f"servo {', '.join(map(str, on))} of {self._path} keeps its torque on")

    def _surely(self, port: DynamixelPort, register: dxl.Register) -> dict[int, int]:
        answers = port.read_surely(self._numbers, register.address, register.size)
        if answers.missing is not None:
            raise LeaderError(f"servo {answers.missing} of {self._path} does not answer: {answers.why}")
        return {number: register.of(data, register.address) for number, data in answers.items()}
