"""One device and an operator's keys lead one robot: opened, read, lost and opened again; what each step comes to."""

from collections.abc import Callable
from dataclasses import replace

from ros_wam.errors import LeaderError, SpecError
from ros_wam.teleop.device import Button, Device, Reading
from ros_wam.teleop.key_map import BUTTONS, CLUTCH, HOLD
from ros_wam.teleop.keyboard import Keyboard
from ros_wam.teleop.keys import KeyState
from ros_wam.teleop.session import TeleopSession, TeleopStep
from ros_wam.types import JointState, Mode

REOPEN_NS = 1_000_000_000
"""Between two attempts to open a device; what is lost after more than that is opened again at once."""
ENABLE_NS = 40_000_000
"""Between two beats of enable, of which one may be late: control waits for 80 ms."""


class Leading:
    """Owned by one thread, which may be kept by the device for as long as opening it takes."""

    def __init__(self, device: Device, session: TeleopSession, keys: Callable[[], KeyState]) -> None:
        self._device, self._session, self._keys = device, session, keys
        self._opened = False
        self._open_again_ns: int | None = None
        self._beaten: tuple[bool, int] | None = None
        self.lost = "not opened yet"
        """Why the device says nothing, empty while it does."""

    @property
    def selected(self) -> str:
        """What a keyboard's keys move now; empty for every other device."""
        return self._device.selected if isinstance(self._device, Keyboard) else ""

    def step(self, state: JointState | None, mode: Mode | None, now_ns: Callable[[], int]) -> TeleopStep:
        """Read the device and say what to send. Buttons that are keys count while the device is lost, too."""
        asked_ns = now_ns()
        keys = self._keys()
        reading = self._read(keys, asked_ns)
        buttons = tuple(BUTTONS[key] for key in keys.pressed if key in BUTTONS)
        if reading is not None:
            reading = _with_keys(reading, keys, asked_ns, buttons)
        try:
            step = self._session.step(reading, state, mode, now_ns(), self.lost)
        except SpecError as error:
            self._lose(str(error))
            reading, step = None, self._session.step(None, state, mode, now_ns(), self.lost)
        return step if reading is not None else replace(step, pressed=buttons)

    def beat(self, step: TeleopStep, mode: Mode | None, now_ns: int) -> bool | None:
        """Return what `enable` has to say now, None for nothing: while this device does not lead it is not its own."""
        if mode is not Mode.TELEOP:
            self._beaten = None
            return None
        if self._beaten is not None and self._beaten[0] == step.enabled and now_ns - self._beaten[1] < ENABLE_NS:
            return None
        self._beaten = step.enabled, now_ns
        return step.enabled

    def close(self) -> None:
        """Release the device."""
        self._device.close()
        self._opened = False

    def _read(self, keys: KeyState, now_ns: int) -> Reading | None:
        if not self._opened and self._open_again_ns is not None and now_ns < self._open_again_ns:
            return None
        try:
            if not self._opened:
                self._open_again_ns = now_ns + REOPEN_NS
                self._device.open()
                self._opened, self.lost = True, ""
            if isinstance(self._device, Keyboard):
                self._device.take(keys)
            return self._device.read()
        except LeaderError as error:
            self._lose(str(error))
            return None

    def _lose(self, why: str) -> None:
        self.lost, self._opened = why, False
        self._device.close()


def _with_keys(reading: Reading, keys: KeyState, asked_ns: int, buttons: tuple[Button, ...]) -> Reading:
    """Return the reading with what the keys say of hold-to-run, where the device has none, clutch and buttons.

    It is no newer than they are, who may be held no more once a device, or the machine, has kept this process waiting.
    """
    return replace(
        reading,
        stamp_ns=min(reading.stamp_ns, asked_ns),
        held=HOLD in keys.held if reading.held is None else reading.held,
        clutch=reading.clutch or CLUTCH in keys.held,
        pressed=(*reading.pressed, *buttons),
    )
