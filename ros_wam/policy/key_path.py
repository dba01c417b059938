"""Where a value lies in nested maps and lists, as profiles write it: `data > observation > 0`; empty is the whole.

A part of digits is an index of a list. Keys themselves may hold dots and slashes, as openpi's and LeRobot's do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ros_wam.errors import ConfigError, SpecError


def parts(path: str) -> tuple[str | int, ...]:
    """Return the keys and indices of `path`."""
    names = [name.strip() for name in path.split(">")] if path.strip() else []
    return tuple(int(name) if name.isdecimal() else name for name in names)


def put(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set `value` at `path` in `tree`, making maps and lists on the way; an index may be at most the list's length.

    Raises ConfigError where the path is empty, something else is on it, or an index leaves a gap.
    """
    *way, last = parts(path) or ("",)
    here: Any = tree
    for part, following in zip(way, [*way, last][1:], strict=True):
        if _is_free(here, part, path):
            _set(here, part, [] if isinstance(following, int) else {})
        here = here[part]
    if last == "" or not _is_free(here, last, path):
        raise ConfigError(f"key path {path!r} is empty, or that of two values of a request")
    _set(here, last, value)


def _is_free(here: Any, part: str | int, path: str) -> bool:
    """Return whether nothing is at `part` of `here` yet; raises ConfigError where nothing can be."""
    if isinstance(part, str) and isinstance(here, dict):
        return part not in here
    if isinstance(part, int) and isinstance(here, list) and part <= len(here):
        return part == len(here)
    raise ConfigError(f"key path {path!r} does not fit the request: {part!r} is no place in a {type(here).__name__}")


def _set(here: Any, part: str | int, value: Any) -> None:
    if isinstance(here, list):
        here.append(value)
    else:
        here[part] = value


def find(tree: Any, path: str) -> Any:
    """Return what is at `path`; raises SpecError that tells what is there instead."""
    here = tree
    for part in parts(path):
        if not _holds(here, part):
            raise SpecError(f"no {path!r}; there is: {_what(here)}")
        here = here[part]
    return here


def _holds(here: Any, part: str | int) -> bool:
    if isinstance(part, str):
        return isinstance(here, Mapping) and part in here
    return isinstance(here, Sequence) and not isinstance(here, (str, bytes)) and part < len(here)


def _what(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(map(str, value)) or "nothing"
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, (list, tuple)) else "")
