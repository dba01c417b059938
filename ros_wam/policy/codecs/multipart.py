"""Forms with files: HoloBrain and Dexbotic. Answers are JSON.

A request is a flat map: an array becomes a file in numpy's own format, bytes a file as they are, a list of bytes files
of one name in its order; text and numbers become fields, and another list a field of JSON.
"""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.json_plain import decode as decode

_BOUNDARY = "ros-wam-8c1f6ac2b04e4d0d9d2f7e53"
CONTENT_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"


def encode(value: Any) -> bytes:
    """Return the form; raises SpecError for what has no place in it."""
    if not isinstance(value, Mapping):
        raise SpecError(f"a form is a map, not a {type(value).__name__}")
    fields, files = {}, []
    for name, item in value.items():
        parts = list(_files(name, item))
        files += parts
        if not parts:
            fields[name] = _field(name, item)
    if sum(data.count(_BOUNDARY.encode()) for _, (_, data, _) in files):
        raise SpecError("a file of the request holds the boundary between files")
    headers = {"Content-Type": CONTENT_TYPE}  # httpx takes the boundary from it
    data = httpx.Request("POST", "http://-", headers=headers, data=fields, files=files).read()
    if len(data) > MAX_MESSAGE_BYTES:
        raise SpecError(f"message of {len(data)} bytes is larger than {MAX_MESSAGE_BYTES}")
    return data


def _files(name: str, item: Any) -> Iterator[tuple[str, tuple[str, bytes, str]]]:
    if isinstance(item, np.ndarray):
        file = io.BytesIO()
        try:
            np.save(file, item, allow_pickle=False)
        except ValueError as error:
            raise SpecError(f"{name} cannot be sent as a file: {error}") from error
        yield name, (f"{name}.npy", file.getvalue(), "application/octet-stream")
    elif isinstance(item, bytes):
        yield name, (name, item, "application/octet-stream")
    elif isinstance(item, list) and item and isinstance(item[0], bytes):
        for data in item:
            yield from _files(name, data)


def _field(name: str, item: Any) -> str:
    if isinstance(item, str):
        return item
    try:
        return json.dumps(item)
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(f"{name} cannot be sent as a field: {error}") from error
