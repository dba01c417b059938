"""A foot pedal, or any USB keyboard, read from Linux's input devices: it tells of each press and each release.

`station.yaml` names it, whatever device teleoperates:

    pedal:
      path: /dev/input/by-id/usb-PCsensor_FootSwitch-event-kbd
      keys: {a: space, b: y, c: x}   # the pedal's own keys, and which keys of `key_map.py` they stand for

Without `keys` each key stands for itself, so that a second keyboard is an operator's whole keyboard. The device is this
process's alone while it is open: its keys do not reach whatever window is in front.
"""

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ros_wam.config import build
from ros_wam.errors import ConfigError, LeaderError
from ros_wam.teleop.input_codes import CODES
from ros_wam.teleop.key_map import NAMES
from ros_wam.teleop.keys import Keys

_EVENT = struct.Struct("@llHHi")  # struct input_event of <linux/input.h>: time, type, code, value
_EV_SYN, _EV_KEY = 0, 1
_SYN_DROPPED = 3
_RELEASED, _PRESSED = 0, 1
_EVIOCGRAB = 0x40044590


@dataclass(frozen=True)
class PedalSettings:
    """Which input device, and which of our keys each of its own stands for."""

    path: str
    keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise ConfigError(f"path is {self.path!r}, must be absolute, such as /dev/input/by-id/usb-…-event-kbd")
        for own, key in self.keys.items():
            if own not in CODES:
                raise ConfigError(f"keys: no key {own!r}; there are: {', '.join(CODES)}")
            if key not in NAMES:
                raise ConfigError(f"keys: {own} stands for {key!r}, must be one of {', '.join(sorted(NAMES))}")

    @property
    def by_code(self) -> dict[int, str]:
        """Our key of each code that counts."""
        named = self.keys or {name: name for name in CODES if name in NAMES}
        return {CODES[own]: key for own, key in named.items()}


def pedal_settings(section: Mapping[str, Any]) -> PedalSettings | None:
    """Return the station's `pedal:`, None where it has none; raises ConfigError."""
    return build(dict(section), PedalSettings, "pedal") if section else None


class Pedal:
    """Opened and read by one thread, without waiting; both raise LeaderError, after which it may be opened again."""

    def __init__(self, settings: PedalSettings) -> None:
        self._path, self._keys = settings.path, settings.by_code
        self._file: int | None = None
        self._begun = b""

    def open(self) -> None:
        """Open the device for this process alone. A key that is down already counts from its next press."""
        try:
            self._file = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self._begun = b""
            if stat.S_ISCHR(os.fstat(self._file).st_mode):
                fcntl.ioctl(self._file, _EVIOCGRAB, 1)
        except OSError as error:
            self.close()
            hint = "; is this user in the group input?" if error.errno == errno.EACCES else ""
            raise LeaderError(f"pedal {self._path} cannot be opened: {error.strerror}{hint}") from error

    def read(self, keys: Keys) -> None:
        """Tell `keys` what was pressed and released; raises LeaderError when the device is gone."""
        if self._file is None:
            raise LeaderError(f"pedal {self._path} is not open")
        while True:
            try:
                data = os.read(self._file, 64 * _EVENT.size)
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(keys, error.strerror)
            if not data:
                self._lose(keys, "it hung up")
            data = self._begun + data
            whole = len(data) - len(data) % _EVENT.size
            self._begun = data[whole:]
            for _, _, kind, code, value in _EVENT.iter_unpack(data[:whole]):
                self._event(keys, kind, code, value)

    def close(self) -> None:
        """Give the device back; may be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _event(self, keys: Keys, kind: int, code: int, value: int) -> None:
        if (kind, code) == (_EV_SYN, _SYN_DROPPED):  # a release may be among what was dropped
            keys.release_all()
        key = self._keys.get(code) if kind == _EV_KEY else None
        if key is not None and value == _PRESSED:
            keys.press(key)
        elif key is not None and value == _RELEASED:
            keys.release(key)

    def _lose(self, keys: Keys, why: str | None) -> None:
        keys.release_all()
        self.close()
        raise LeaderError(f"pedal {self._path} is lost: {why}")
