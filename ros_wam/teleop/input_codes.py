"""Names of the keys of Linux's input devices, as <linux/input-event-codes.h> numbers them."""

from types import MappingProxyType

_ROWS = {2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 44: "zxcvbnm,./"}
_OTHERS = {
    "esc": 1,
    "backspace": 14,
    "tab": 15,
    "enter": 28,
    "left_ctrl": 29,
    "left_shift": 42,
    "left_alt": 56,
    "space": 57,
    "+": 78,  # of the number pad
    "right_ctrl": 97,
    "right_alt": 100,
    "home": 102,
    "up": 103,
    "page_up": 104,
    "left": 105,
    "right": 106,
    "end": 107,
    "down": 108,
    "page_down": 109,
    "insert": 110,
    "delete": 111,
    "left_button": 272,  # of pedals that are mice
    "right_button": 273,
    "middle_button": 274,
}
_FUNCTION = {f"f{n}": code for n, code in enumerate((*range(59, 69), 87, 88, *range(183, 195)), start=1)}
_TYPED = {key: first + k for first, row in _ROWS.items() for k, key in enumerate(row)}
CODES = MappingProxyType({**_TYPED, **_OTHERS, **_FUNCTION})
"""Code of each name; letters and signs are those of a US keyboard."""
