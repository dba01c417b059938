"""Secrets of a profile: `${NAME}` in a header stands for that environment variable, so that no file holds a key."""

import os
import re

from ros_wam.errors import ConfigError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def resolved(text: str, where: str) -> str:
    """Return `text` with the environment's values; raises ConfigError that names the variable which is not set."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise ConfigError(f"{where} needs the environment variable {name}, which is not set")
        return os.environ[name]

    return _VARIABLE.sub(value, text)


def header(text: str, where: str) -> str:
    """Return `resolved` text for a header; raises ConfigError for what no header may hold, without showing it."""
    value = resolved(text, where)
    if not (value.isascii() and value.isprintable() and value == value.strip()):
        told = f"{where} must be printable ASCII, with no line break and no blank at its ends"
        names = ", ".join(_VARIABLE.findall(text))
        raise ConfigError(f"{told}; see the environment variable {names}" if names else told)
    return value
