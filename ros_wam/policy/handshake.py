"""What the server declares against what the profile expects: a difference is refused before the robot moves."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyMismatch, SpecError
from ros_wam.policy import key_path
from ros_wam.policy.columns import labels
from ros_wam.policy.profile import Profile

MAX_IMAGE_LENGTH = 4096
_UNORDERED = ("views",)
_TAKEN = ("takes_images", "takes_state", "takes_prompt")  # keys that every request has to have
_GIVEN = ("gives_actions",)  # keys that an answer has

_brief = reprlib.Repr()  # what a server declares may be megabytes, or nested deeper than `repr` goes
_brief.maxlist = _brief.maxtuple = 20
_brief.maxother = _brief.maxstring = 80


class Handshake:
    """Judges the metadata of each connection: it must fit the profile, and be what the first connection's was."""

    def __init__(self, profile: Profile, embodiment: Embodiment) -> None:
        self._profile, self._embodiment = profile, embodiment
        self._first: Mapping[str, Any] | None = None

    def check(self, metadata: Mapping[str, Any]) -> None:
        """Raise PolicyMismatch naming every declaration that does not fit, or that has changed, with both values."""
        try:
            self._check(metadata)
        except RecursionError as error:
            raise PolicyMismatch(f"{self._profile.url} declares what is nested too deep") from error

    def _check(self, metadata: Mapping[str, Any]) -> None:
        check_metadata(self._profile, self._embodiment, metadata)
        if self._first is None:
            self._first = metadata
        changed = [
            f"{name}: {_brief.repr(self._first.get(name))} before, {_brief.repr(metadata.get(name))} now"
            for name in {**self._first, **metadata}
            if not _same(self._first.get(name), metadata.get(name))
        ]
        if changed:
            told = f"{self._profile.url} is not the server that this run began with: {'; '.join(changed)}"
            raise PolicyMismatch(f"{told}. A new run may begin with it")


def check_metadata(profile: Profile, embodiment: Embodiment, metadata: Mapping[str, Any]) -> None:
    """Raise PolicyMismatch naming every declaration in which the server and the profile differ, with both values.

    Compared is what the server declares; what `profile.must_declare` and `must_say` list may not be absent.
    """
    differences = [
        f"{name}: server {_brief.repr(value)}, profile {expected!r}"
        for name, expected in _expectations(profile, embodiment).items()
        if not _agrees(name, expected, value := declared(profile, metadata, name), name in profile.must_declare)
    ]
    for path, values in profile.must_say.items():
        value = _find(metadata, path)
        if not any(_same(_plain(value), wanted) for wanted in values):
            wanted = " or ".join(map(repr, values))
            differences.append(f"{path}: server {_brief.repr(value)}, profile {wanted}")
    if differences:
        raise PolicyMismatch(f"{profile.url} does not fit policy {profile.name}: {'; '.join(differences)}")


def declared(profile: Profile, metadata: Mapping[str, Any], name: str) -> Any:
    """Return what the server declares as `name`, None if it does not."""
    return _find(metadata, profile.declares.get(name, name))


def declared_image_size(profile: Profile, metadata: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the height and width of pictures that the server declares, None where it declares none or is not to tell.

    Raises PolicyMismatch for what is no size, or larger than MAX_IMAGE_LENGTH.
    """
    size = declared(profile, metadata, "image_size")
    if size is None or not any(images.size_from_metadata for images in profile.request.images):
        return None
    lengths = size.tolist() if isinstance(size, np.ndarray) else size
    if isinstance(lengths, (list, tuple)) and len(lengths) == 2:
        height, width = lengths
        if all(type(n) is int and 0 < n <= MAX_IMAGE_LENGTH for n in (height, width)):
            return height, width
    told = f"image_size is {_brief.repr(size)}, must be a height and a width from 1 to {MAX_IMAGE_LENGTH}"
    raise PolicyMismatch(f"{profile.url} does not fit policy {profile.name}: {told}")


def _find(metadata: Mapping[str, Any], path: str) -> Any:
    try:
        return key_path.find(metadata, path)
    except SpecError:
        return None


def _expectations(profile: Profile, embodiment: Embodiment) -> dict[str, Any]:
    fixed = [images.size for images in profile.request.images if not images.size_from_metadata]
    sizes = {size for size in fixed if size is not None}
    state = [word for part in profile.request.state for word in part.columns]
    expectations = {
        "embodiment": embodiment.name,
        "views": list(profile.views),
        "image_size": list(next(iter(sizes))) if len(sizes) == 1 else None,
        "action_layout": list(profile.reply.columns),
        "action_horizon": profile.action.horizon,
        "rate_hz": profile.rate_hz,
        "rtc": True if profile.request.rtc is not None else None,
        "state_dim": sum(len(labels(word)) for word in state),
        "action_dim": len(profile.action_labels),
        **_keys(profile),
    }
    return {name: expected for name, expected in expectations.items() if expected is not None}


def _keys(profile: Profile) -> dict[str, Any]:
    """Return the last keys of what is sent and read, for servers that state which they know."""
    request = profile.request
    histories = {images.history for images in request.images}
    return {
        "takes_images": [_last(path) for images in request.images for path in images.views.values()],
        "takes_state": [_last(state.at) for state in request.state],
        "takes_prompt": None if request.prompt_at is None else [_last(request.prompt_at)],
        "gives_actions": [_last(part.at) for part in profile.reply.actions],
        "image_history": list(histories.pop()) if len(histories) == 1 else None,
        "state_history": [0],
    }


def _last(path: str) -> str:
    return next((part for part in reversed(key_path.parts(path)) if isinstance(part, str)), "")


def _agrees(name: str, expected: Any, value: Any, required: bool) -> bool:
    if value is None:
        return not required
    if name in _TAKEN and isinstance(value, list):
        return all(any(_same(key, name) for name in expected) for key in value)
    if name in _GIVEN and isinstance(value, list):
        return all(any(_same(key, name) for key in value) for name in expected)
    if name in _UNORDERED and isinstance(value, list):
        value, expected = sorted(value, key=_brief.repr), sorted(expected)
    return _same(_plain(value), expected)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else list(value) if isinstance(value, tuple) else value


def _same(a: Any, b: Any) -> bool:
    """Return whether these are alike; makes no array of a list, for one long text in it would be the length of all."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    return bool(a == b or (a != a and b != b))  # NaN is as it was
