"""JSON with arrays in three forms: as other programs write it, and what is hostile refused."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as npst

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import json_numpy, json_numpy_strings, json_plain
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES

ARRAY = np.array([[1, 2, 3]], "<f4")
MAP = {"__numpy__": base64.b64encode(ARRAY.tobytes()).decode(), "dtype": "<f4", "shape": [1, 3]}
arrays = npst.arrays(npst.floating_dtypes(sizes=(32, 64)), npst.array_shapes(min_dims=0, max_dims=3, min_side=0))


@settings(max_examples=15)
@given(arrays)
def test_arrays_come_back(array: np.ndarray) -> None:
    (back,) = json_numpy.decode(json_numpy.encode([array]))
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("codec", "form"),
    [(json_plain, [[1.0, 2.0, 3.0]]), (json_numpy, MAP), (json_numpy_strings, json.dumps(MAP))],
)
def test_forms_on_the_wire(codec: Any, form: Any) -> None:
    assert codec.CONTENT_TYPE == "application/json"
    value = {"b": {"image": ARRAY}, "a": ["text", None, 1, 2.5, True]}
    written = codec.encode(value)
    assert json.loads(written) == {"b": {"image": form}, "a": ["text", None, 1, 2.5, True]}
    assert list(json.loads(written)) == ["b", "a"], "some servers go by the order"


def test_arrays_that_are_no_rows_of_memory() -> None:
    array = np.arange(12.0).reshape(3, 4).T[::2]
    np.testing.assert_array_equal(json_numpy.decode(json_numpy.encode(array)), array)


def test_numbers_of_numpy_are_numbers() -> None:
    assert json.loads(json_plain.encode({"n": np.int64(3), "x": np.float32(0.5)})) == {"n": 3, "x": 0.5}


def test_answers_of_both_servers_are_read() -> None:
    for codec in (json_numpy, json_numpy_strings):
        np.testing.assert_array_equal(codec.decode(json.dumps({"actions": MAP}).encode())["actions"], ARRAY)
        assert codec.decode(b'{"action": [[1, 2.5]]}') == {"action": [[1, 2.5]]}
        assert codec.decode(b'"error"') == "error"


@pytest.mark.parametrize("value", [object(), np.array([object()]), np.array(["text"]), {1j}, {(1, 2): 3}])
def test_what_has_no_place_in_json_is_refused(value: Any) -> None:
    for codec in (json_plain, json_numpy, json_numpy_strings):
        with pytest.raises(SpecError, match="cannot be encoded"):
            codec.encode({"x": value} if not isinstance(value, dict) else value)


@pytest.mark.parametrize(
    "changed",
    [
        {"dtype": "|O"},
        {"dtype": "<f4,<f4"},
        {"dtype": "(9,)<f4"},
        {"dtype": None},
        {"dtype": "V0"},
        {"shape": [3]} | {"dtype": "<f8"},
        {"shape": [-1, -3]},
        {"shape": [1.5, 2]},
        {"shape": [10**400, 0]},
        {"shape": [1] * 40},
        {"shape": "13"},
        {"__numpy__": "§"},
        {"__numpy__": 1},
        {"__numpy__": "AAAA"},
    ],
)
def test_array_that_is_none_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        json_numpy.decode(json.dumps({**MAP, **changed}).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff", b"9" * 5000, b'{"a": 1}{', b"{'a': 1}"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    for codec in (json_plain, json_numpy):
        with pytest.raises(SpecError, match="cannot be decoded"):
            codec.decode(data)


def test_message_of_many_small_values_is_refused_before_it_is_read() -> None:
    with pytest.raises(SpecError, match="holds more than 4000000 values"):
        json_plain.decode(b"[" + b"[]," * 4_000_000 + b"[]]")


def test_large_message_is_refused() -> None:
    with pytest.raises(SpecError, match="is larger than"):
        json_plain.decode(b" " * (MAX_MESSAGE_BYTES + 1))
