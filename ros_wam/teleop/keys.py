"""Which keys an operator holds and has pressed, from events with stamps; pure, so that a release can be relied on.

A terminal says nothing of a release, and of a held key only that it repeats: the first time 250 to 660 ms after it was
pressed, then 15 to 50 times a second. So a key is held from its first repeat on until no repeat has come for 100 ms.
Hence a tap holds nothing, and only the key that was pressed last can be held. Devices that tell of a release
(`press`, `release`) have neither limit.
"""

from dataclasses import dataclass

from ros_wam.teleop.key_map import VERBS
from ros_wam.teleop.terminal_keys import TerminalKeys

REPEAT_NS = range(10_000_000, 70_000_000)
"""Between two repeats. Fingers are slower than this, and keys that a connection held back arrive faster."""
HELD_NS = 100_000_000
"""How long a key is held after its last repeat: two are missed at 25 Hz."""
AGAIN_NS = 700_000_000
"""Within it a key that stands for a verb is still the same press, held until it repeats."""


@dataclass(frozen=True)
class KeyState:
    """`held`: keys that are down; `pressed`: keys that were pressed since the state before, in order."""

    held: frozenset[str] = frozenset()
    pressed: tuple[str, ...] = ()

    def __or__(self, other: "KeyState") -> "KeyState":
        return KeyState(self.held | other.held, (*self.pressed, *other.pressed))


class Keys:
    """The keys of one terminal or one device. Stamps rise; all are of one clock."""

    def __init__(self) -> None:
        self._terminal = TerminalKeys()
        self._seen_ns: dict[str, int] = {}
        self._counted_ns: dict[str, int] = {}
        self._repeated_ns: dict[str, int] = {}
        self._down: set[str] = set()
        self._pressed: list[str] = []

    def feed(self, data: bytes, now_ns: int) -> None:
        """Take what a terminal sent at `now_ns`."""
        for key in self._terminal.feed(data, now_ns):
            self._typed(key, now_ns)

    def press(self, key: str) -> None:
        """Take that a device says that a key went down."""
        self._down.add(key)
        self._pressed.append(key)

    def release(self, key: str) -> None:
        """Take that a device says that a key went up."""
        self._down.discard(key)

    def release_all(self) -> None:
        """Let go of everything: who would tell of a release is gone."""
        self._down.clear()
        self._repeated_ns.clear()

    def state(self, now_ns: int) -> KeyState:
        """Return what is held at `now_ns`, and what was pressed since this was asked last."""
        for key in self._terminal.late(now_ns):
            self._typed(key, now_ns)
        repeating = {key for key, at_ns in self._repeated_ns.items() if now_ns - at_ns <= HELD_NS}
        pressed, self._pressed = tuple(self._pressed), []
        return KeyState(frozenset(self._down | repeating), pressed)

    def _typed(self, key: str, now_ns: int) -> None:
        since_ns = now_ns - self._seen_ns.get(key, -AGAIN_NS)
        repeated_ns = self._repeated_ns.get(key)
        self._seen_ns[key] = now_ns
        if since_ns in REPEAT_NS or (repeated_ns is not None and now_ns - repeated_ns <= HELD_NS):
            self._repeated_ns[key] = now_ns
        elif key not in VERBS or now_ns - self._counted_ns.get(key, -AGAIN_NS) >= AGAIN_NS:
            self._counted_ns[key] = now_ns
            self._pressed.append(key)
