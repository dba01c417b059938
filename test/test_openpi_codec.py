"""The openpi array codec: what is written comes back, what is hostile is refused."""

import contextlib

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import openpi
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES

dtypes = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(),
    npst.unsigned_integer_dtypes(),
    npst.floating_dtypes(sizes=(16, 32, 64)),
    npst.unicode_string_dtypes(max_len=4),
    npst.byte_string_dtypes(max_len=4),
)
arrays = npst.arrays(dtypes, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.text(), st.binary()
)
messages = st.recursive(
    st.one_of(scalars, arrays), lambda inner: st.dictionaries(st.text(), inner, max_size=4), max_leaves=8
)


def equal(a, b):
    if isinstance(a, np.ndarray):
        same = isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape
        return same and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@settings(max_examples=50)
@given(messages)
def test_what_is_encoded_comes_back(message) -> None:
    assert equal(message, openpi.decode(openpi.encode(message)))


@given(npst.arrays(np.float32, (3, 4)).map(np.asfortranarray))
def test_memory_order_does_not_matter(array) -> None:
    assert equal(np.ascontiguousarray(array), openpi.decode(openpi.encode(array)))


def test_wire_form_is_openpis() -> None:
    array = np.array([[1, 2, 3]], "<f4")
    form = msgpack.unpackb(openpi.encode({"actions": array}))
    assert form == {
        "actions": {b"__ndarray__": True, b"data": array.tobytes(), b"dtype": "<f4", b"shape": [1, 3]},
    }
    assert msgpack.unpackb(openpi.encode(np.int16(7))) == {b"__npgeneric__": True, b"data": 7, b"dtype": "<i2"}


@pytest.mark.parametrize("key", [str, str.encode])
def test_keys_may_be_text_or_bytes(key) -> None:
    form = {key("__ndarray__"): True, key("data"): b"\x01\x02", key("dtype"): "|u1", key("shape"): [2]}
    assert equal(np.array([1, 2], np.uint8), openpi.decode(msgpack.packb(form)))
    scalar = {key("__npgeneric__"): True, key("data"): 2.5, key("dtype"): b"<f8"}
    assert openpi.decode(msgpack.packb(scalar)) == 2.5


def test_decoded_arrays_are_read_only() -> None:
    array = openpi.decode(openpi.encode(np.zeros(3)))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0


@pytest.mark.parametrize(
    "value",
    [
        np.array([None]),
        np.array([1j]),
        np.zeros(2, [("a", "f4")]),
        np.array(["2020-01-01"], "M8[D]"),
        np.complex64(1),
        object(),
        2**65,
    ],
)
def test_what_has_no_place_in_a_message_is_not_encoded(value) -> None:
    with pytest.raises(SpecError, match="cannot be encoded"):
        openpi.encode({"x": value})


def array_form(**changes):
    form = {"__ndarray__": True, "data": b"\0" * 8, "dtype": "<f8", "shape": [1]}
    return {key: value for key, value in {**form, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    "form",
    [
        array_form(dtype="|O"),
        array_form(dtype="<c16"),
        array_form(dtype="|V8"),
        array_form(dtype="f8,f8"),
        array_form(dtype="(2,)f4"),
        array_form(dtype="(2,,)f4"),
        array_form(dtype=b"\xff"),
        array_form(dtype="no such type"),
        array_form(dtype=8),
        array_form(dtype=None),
        array_form(shape=[2]),
        array_form(shape=[-1]),
        array_form(shape=[2**40, 2**40]),
        array_form(shape=["1"]),
        array_form(shape=1),
        array_form(shape=None),
        array_form(data="text"),
        array_form(data=None),
        {"__npgeneric__": True, "data": 1, "dtype": "|O"},
        {"__npgeneric__": True, "data": "x", "dtype": "<f8"},
        {"__npgeneric__": True, "dtype": "<f8"},
        {1: "key that is no text"},
        {b"\xff": "nor is this"},
    ],
)
def test_hostile_arrays_are_refused(form) -> None:
    with pytest.raises(SpecError, match="cannot be decoded"):
        openpi.decode(msgpack.packb(form))


@given(st.binary(max_size=64))
def test_garbage_never_does_more_than_raise(data) -> None:
    with contextlib.suppress(SpecError):
        openpi.decode(data)


def test_size_is_limited_both_ways() -> None:
    with pytest.raises(SpecError, match="larger than"):
        openpi.encode(np.zeros(MAX_MESSAGE_BYTES, np.uint8))
    with pytest.raises(SpecError, match="larger than"):
        openpi.decode(bytes(MAX_MESSAGE_BYTES + 1))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(SpecError, match="cannot be decoded"):
        openpi.decode(b"\x91" * 100_000)


def test_every_key_is_text_however_deep() -> None:
    assert openpi.decode(msgpack.packb({b"a": {b"b": 1}, "c": [{b"d": 2}]})) == {"a": {"b": 1}, "c": [{"d": 2}]}
    value = openpi.decode(b"\x81\xc4\x01a" * 900 + b"\xc0")
    for _ in range(900):
        value = value["a"]
    assert value is None
