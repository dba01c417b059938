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
from ros_wam.drivers.dynamixel_servos import TABLE_SIZE, Register
from ros_wam.errors import ConfigError, DriverError, DriverUnreachable

BAUD = 1_000_000
REPLY_TIMEOUT_S = 0.025
"""Beyond the time on the line: a USB adapter's latency timer (1 ms, set by udev) and a busy computer."""
SILENCE_S = 0.06
"""The same for a line on which nothing at all has come: then it is rather the computer that is late."""
HURRY_S = 0.008
"""For answers of which one is known to be missing."""
QUIET_S = 0.003
"""How long a line is left alone on which something went wrong, so that what is left of an answer is thrown away."""
LENGTHS = 11
"""An answer says of itself only whose it is and how long. After each failed reading one byte more is asked for, so many
behind what is wanted and then so many before it, and an answer to a question that was given up is not taken for one to
the next: for 240 ms of questions a control period of ALOHA apart.
"""
INSIST_S = 0.5
"""How long setting up goes on asking a servo that gives no good answer."""
WRITE_TIMEOUT_S = 0.5
"""An adapter that takes nothing for this long is gone; without a bound its driver would wait for ever.

pyserial counts a pause of this computer in, also after all was written: with 0.1 s a busy one lost its arm.
"""
_POLL_NS = 250_000
_STATUS_BYTES = 11
_ID, _LENGTH, _ERROR, _DATA = 4, 5, 8, 9
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
        self._failed = 0
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

    def read(self, numbers: Sequence[int], address: int, size: int, *, is_hurried: bool = False) -> Answers:
        """Read `size` bytes or some more from every servo with one instruction; hurried: wait `HURRY_S` only."""
        behind = min(LENGTHS, TABLE_SIZE + 1 - address - size)
        more = self._failed % (behind + min(LENGTHS, address))
        before = max(0, more - behind + 1)
        length = size + more
        try:
            sent = self._packets.syncReadTx(self._port, address - before, length, list(numbers), len(numbers), False)
            if sent != self._success:
                raise self._gone(f"it takes no instruction ({sent})")
            self._wait(len(numbers), length, is_hurried)
            answers = self._collect(numbers, length, before)
        except (OSError, termios.error) as error:
            raise self._gone(str(error)) from error
        self._failed += answers.missing is not None
        return answers

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

    def _wait(self, servos: int, length: int, is_hurried: bool) -> None:
        """Wait until so many servos have answered a sync read, or one of them is silent."""
        expected = servos * (length + _STATUS_BYTES)
        on_the_line_s = (expected + servos + 14) * 10 / BAUD
        passed_ns = self._clock.now_ns() + round(on_the_line_s * 1e9)
        self._clock.sleep_until_ns(passed_ns)
        while (come := self._port.getBytesAvailable()) < expected:
            now_ns = self._clock.now_ns()
            patience_s = HURRY_S if is_hurried else REPLY_TIMEOUT_S if come or servos == 1 else SILENCE_S
            if now_ns - passed_ns > patience_s * 1e9:
                return
            self._clock.sleep_until_ns(now_ns + _POLL_NS)

    def _collect(self, numbers: Sequence[int], length: int, before: int) -> Answers:
        """Take the answers that have come, without `before` bytes, and check each: a silent one mutes all after it."""
        answers = Answers()
        self._port.setPacketTimeoutMillis(1.0)  # what is there is read; nothing more is waited for
        for number in numbers:
            packet, why = self._packet(number)
            come = len(packet) - _STATUS_BYTES
            if why or come != length:
                answers.missing, answers.why = (
                    number,
                    why or f"its answer was late or wrong: {come} bytes, not {length}",
                )
                self._clock.sleep_until_ns(self._clock.now_ns() + round(QUIET_S * 1e9))
                return answers
            answers[number] = packet[_DATA + before : _DATA + length]
            if packet[_ERROR] & _ALERT:
                answers.alerts.append(number)
        return answers

    def _packet(self, number: int) -> tuple[bytes, str]:
        """Return a servo's packet, not what others said before it, or why there is none.

        The SDK's own `readRx` cuts an answer that is too long, and counts the CRC of one that is too short as data.
        """
        while True:
            data, result = self._packets.rxPacket(self._port, False)
            if result != self._success:
                text: str = self._packets.getTxRxResult(result)
                return b"", text.removeprefix("[TxRxResult] ").rstrip("!").lower()
            if data[_ID] == number:
                return bytes(data[: _LENGTH + 2 + data[_LENGTH] + 256 * data[_LENGTH + 1]]), ""

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
