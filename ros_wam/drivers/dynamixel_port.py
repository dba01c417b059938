"""One Dynamixel bus through dynamixel_sdk 4.1.0, which returns codes and rarely raises: every answer is checked here.

The SDK spins while it waits, and for 35 ms when a servo is silent. This waits without spinning, and for as long as the
line needs; it asks the SDK for the answer when it is there. Not for two threads at once.
"""

import fcntl
import os
import termios
from collections.abc import Mapping, Sequence
from typing import Any

from ros_wam.clock import Clock
from ros_wam.drivers.dynamixel_servos import Register
from ros_wam.errors import ConfigError, DriverError, DriverUnreachable

BAUD = 1_000_000
REPLY_TIMEOUT_S = 0.025
"""Beyond the time on the line: a USB adapter's latency timer (1 ms, set by udev) and a busy computer."""
SILENCE_S = 0.06
"""The same for a line on which nothing at all has come: then it is rather the computer that is late."""
QUIET_S = 0.003
"""How long a line is left alone on which something went wrong, so that a late answer is not taken for a new one."""
INSIST_S = 0.5
"""How long setting up goes on asking a servo that gives no good answer."""
WRITE_TIMEOUT_S = 0.5
"""An adapter that takes nothing for this long is gone; without a bound its driver would wait for ever.

pyserial counts a pause of this computer in, also after all was written: with 0.1 s a busy one lost its arm.
"""
_POLL_NS = 250_000
_STATUS_BYTES = 11
_ALERT = 0x80


class Answers(dict[int, bytes]):
    """What servos answered to one read, by ID, in the order asked; it ends before the first that gave no good answer.

    `alerts`: who reports a hardware error. `missing`: the first without an answer, and `why`; None when all answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.alerts: list[int] = []
        self.missing: int | None = None
        self.why = ""


class DynamixelPort:
    """An open port. Every method raises DriverError when the port itself is gone."""

    def __init__(self, path: str, clock: Clock) -> None:
        """Open it, for this process alone; raises DriverUnreachable."""
        try:
            import dynamixel_sdk
        except ImportError as error:
            raise ConfigError("driver aloha needs dynamixel_sdk: pip install '.[aloha]' in a checkout") from error
        self.path = path
        self._clock, self._success = clock, dynamixel_sdk.COMM_SUCCESS
        self._packets: Any = dynamixel_sdk.PacketHandler(2.0)
        self._port: Any = dynamixel_sdk.PortHandler(path)
        self._lock = _lock(path)
        try:
            taken = self._port.setBaudRate(BAUD)
        except (OSError, termios.error) as error:
            os.close(self._lock)
            raise DriverUnreachable(f"cannot open the servo bus {path}: {error}") from error
        if not taken:
            os.close(self._lock)
            raise DriverUnreachable(f"the servo bus {path} does not take {BAUD} baud")
        self._port.ser.write_timeout = WRITE_TIMEOUT_S

    def close(self) -> None:
        """Give the port back."""
        try:
            self._port.closePort()
        except (OSError, termios.error):  # it was unplugged
            self._port.is_open = False
        os.close(self._lock)

    def read(self, numbers: Sequence[int], address: int, size: int, patience_s: float = REPLY_TIMEOUT_S) -> Answers:
        """Read `size` bytes from every servo with one instruction; wait `patience_s` for the rest of the answers."""
        try:
            sent = self._packets.syncReadTx(self._port, address, size, list(numbers), len(numbers), False)
            if sent != self._success:
                raise self._gone(f"it takes no instruction ({sent})")
            return self._collect(numbers, size, patience_s)
        except (OSError, termios.error) as error:
            raise self._gone(str(error)) from error

    def read_surely(self, numbers: Sequence[int], address: int, size: int) -> Answers:
        """Read as `read` does, until all answer or `INSIST_S` are over: now and then a packet is lost."""
        deadline_ns = self._clock.now_ns() + round(INSIST_S * 1e9)
        while True:
            answers = self.read(numbers, address, size)
            if answers.missing is None or self._clock.now_ns() > deadline_ns:
                return answers

    def write_all(self, register: Register, values: Mapping[int, int]) -> None:
        """Write a register of several servos with one instruction, which none of them answers."""
        parameters: list[int] = []
        for number, value in values.items():
            parameters += [number, *value.to_bytes(register.size, "little", signed=value < 0)]
        try:
            sent = self._packets.syncWriteTxOnly(
                self._port, register.address, register.size, parameters, len(parameters)
            )
        except (OSError, termios.error) as error:
            raise self._gone(str(error)) from error
        if sent != self._success:
            raise self._gone(f"it takes no instruction ({sent})")

    def reboot(self, number: int) -> None:
        """Restart a servo; it has no torque then. Raises DriverError unless it says that it does."""
        try:
            result, _ = self._packets.reboot(self._port, number)
        except (OSError, termios.error) as error:
            raise self._gone(str(error)) from error
        if result != self._success:
            raise DriverError(f"servo {number} of {self.path} does not reboot: {self._packets.getTxRxResult(result)}")

    def _collect(self, numbers: Sequence[int], size: int, patience_s: float) -> Answers:
        """Wait for the answers to a sync read and check each: a servo that is silent mutes all after it."""
        answers = Answers()
        expected = len(numbers) * (size + _STATUS_BYTES)
        on_the_line_s = (expected + len(numbers) + 14) * 10 / BAUD
        begin_ns = self._clock.now_ns()
        passed_ns = begin_ns + round(on_the_line_s * 1e9)
        self._clock.sleep_until_ns(passed_ns)
        while (come := self._port.getBytesAvailable()) < expected:
            is_quiet = not come and len(numbers) > 1 and patience_s == REPLY_TIMEOUT_S
            now_ns = self._clock.now_ns()
            if now_ns - passed_ns > (SILENCE_S if is_quiet else patience_s) * 1e9:
                break
            self._clock.sleep_until_ns(now_ns + _POLL_NS)
        self._port.setPacketTimeoutMillis(1.0)  # what is there is read; nothing more is waited for
        for number in numbers:
            data, result, error = self._packets.readRx(self._port, number, size)
            if result != self._success or len(data) != size:
                answers.missing, answers.why = number, self._why(result, data)
                self._clock.sleep_until_ns(self._clock.now_ns() + round(QUIET_S * 1e9))
                return answers
            answers[number] = bytes(data)
            if error & _ALERT:
                answers.alerts.append(number)
        return answers

    def _why(self, result: int, data: Sequence[int]) -> str:
        if result == self._success:
            return f"it answered {len(data)} bytes"
        text: str = self._packets.getTxRxResult(result)
        return text.removeprefix("[TxRxResult] ").rstrip("!").lower()

    def _gone(self, why: str) -> DriverError:
        return DriverError(f"the servo bus {self.path} is gone: {why}")


def _lock(path: str) -> int:
    """Return a descriptor that keeps every other driver off the port: each would take the other's answers."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise DriverUnreachable(f"cannot open the servo bus {path}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise DriverUnreachable(f"the servo bus {path} is in use by another driver") from error
    return descriptor
