"""What the server declares against what the profile expects: a difference is refused before the robot moves."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyMismatch
from ros_wam.policy.profile import Profile

_UNORDERED = ("views",)

_brief = reprlib.Repr()  # what a server declares may be megabytes, or nested deeper than `repr` goes
_brief.maxlist = _brief.maxtuple = 20
_brief.maxother = _brief.maxstring = 80


def check_metadata(profile: Profile, embodiment: Embodiment, metadata: Mapping[str, Any]) -> None:
    """Raise PolicyMismatch naming every declaration in which the server and the profile differ, with both values.

    Compared is what the server declares; what `profile.must_declare` lists may not be absent.
    """
    differences = [
        f"{name}: server {_brief.repr(declared)}, profile {expected!r}"
        for name, expected in _expectations(profile, embodiment).items()
        if not _agrees(name, expected, declared := metadata.get(name), name in profile.must_declare)
    ]
    if differences:
        raise PolicyMismatch(f"{profile.url} does not fit policy {profile.name}: {'; '.join(differences)}")


def _expectations(profile: Profile, embodiment: Embodiment) -> dict[str, Any]:
    expectations = {
        "embodiment": embodiment.name,
        "views": list(profile.views),
        "image_size": list(profile.image_size),
        "action_layout": list(profile.action_layout),
        "action_horizon": profile.action_horizon,
        "rate_hz": profile.rate_hz,
    }
    return expectations if profile.rtc is None else {**expectations, "rtc": True}


def _agrees(name: str, expected: Any, declared: Any, required: bool) -> bool:
    if declared is None:
        return not required
    if name in _UNORDERED and isinstance(declared, list):
        declared, expected = sorted(declared, key=_brief.repr), sorted(expected)
    return np.array_equal(declared, expected)
