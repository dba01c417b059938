"""JSON in which an array is a text, that is json-numpy's map written as JSON once more: X-VLA. Answers are JSON."""

import json
from typing import Any

from ros_wam.policy.codecs.json_numpy import array_map
from ros_wam.policy.codecs.json_numpy import decode as decode
from ros_wam.policy.codecs.json_plain import CONTENT_TYPE as CONTENT_TYPE
from ros_wam.policy.codecs.json_plain import encode_with


def encode(value: Any) -> bytes:
    """Return `value` (maps with str keys, lists, numbers, text, arrays) as bytes; raises SpecError for any other."""
    return encode_with(value, lambda array: json.dumps(array_map(array)))
