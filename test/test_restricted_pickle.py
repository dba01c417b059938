"""Pickles of strangers: what holds data is read, what does anything is refused by name."""

import collections
import io
import os
import pickle
import pickletools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import restricted_pickle, unpickled
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.unpickle import unpickle

PROTOCOLS = (3, 4, 5)
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**100), 2**100), st.floats(allow_nan=False), st.text(), st.binary()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers()), inner, max_size=4),
    ),
    max_leaves=8,
)


class Attack:
    """Runs a command when it is unpickled."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self._reduced = (call, arguments)

    def __reduce__(self) -> Any:
        return self._reduced


@settings(max_examples=20)
@given(values, st.integers(0, 5))
def test_data_is_read_as_python_reads_it(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    if b"_codecs" in data or b"__builtin__" in data:  # bytes before protocol 3
        with pytest.raises(SpecError, match="pickle names"):
            restricted_pickle.decode(data)
    else:
        assert restricted_pickle.decode(data) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        np.zeros((0, 7), np.float32),
        np.float32(0.5),
        np.array(True),
    ],
)
def test_arrays_are_read(array: Any, protocol: int) -> None:
    same = [array, array]
    read = restricted_pickle.decode(pickle.dumps({"action_list": same}, protocol))["action_list"]
    for each in read:
        assert each.dtype == array.dtype
        np.testing.assert_array_equal(each, array)


def test_arrays_of_either_numpy_are_read() -> None:
    data = pickle.dumps(np.arange(3), 3)
    older, newer = b"numpy.core.multiarray", b"numpy._core.multiarray"
    assert older in data or newer in data
    for name in (older, newer):
        renamed = data.replace(newer, older).replace(older, name)
        np.testing.assert_array_equal(restricted_pickle.decode(renamed), [0, 1, 2])


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("attack", "name"),
    [
        (Attack(os.system, "true"), "posix.system"),
        (Attack(eval, "1"), r"(builtins|__builtin__)\.eval"),
        (Attack(np.load, "x", None, True), "numpy.load"),
        (collections.OrderedDict(a=1), "collections.OrderedDict"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(attack: Any, name: str, protocol: int) -> None:
    with pytest.raises(SpecError, match=f"pickle names .*({name}).*refused; allowed: numpy.dtype"):
        restricted_pickle.decode(pickle.dumps(attack, protocol))


def test_attribute_of_an_allowed_name_is_another_name() -> None:
    data = pickle.dumps(np.ndarray, 4).replace(b"\x8c\x07ndarray", b"\x8c\x10ndarray.__init__")
    with pytest.raises(SpecError, match=r"numpy\.ndarray\.__init__"):
        restricted_pickle.decode(data)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"(S'ls'\nios\nsystem\n.", "opcode INST"),
        (b"(cos\nsystem\nS'ls'\no.", "pickle names os.system"),
        (b"Pabc\n.", "opcode PERSID"),
        (b"\x80\x02K\x01Q.", "persistent id"),
        (b"\x80\x02\x82\x01.", "opcode EXT1"),
        (b"\x80\x04]cnumpy\ndtype\nR.", "calls"),
        (b"\x80\x04]}b.", "state of a list"),
        (b"\x80\x04}]K\x01s.", "key is a list"),
        (b"\x80\x04})K\x01s.", "key is a tuple"),
        (b"\x80\x04(.", "mark"),
        (b"\x80\x04.", "cannot be read"),
        (b"\x80\x04K\x01K\x02.", "2 values"),
        (b"", "cannot be read"),
        (b"\x80\x04]", "cannot be read"),
        (b"\x80\x04h\x05.", "cannot be read"),
        (b"\x80\x04K\x01a.", "cannot be read"),
        (b"\x80\x04(K\x01d.", "cannot be read"),
        (b"\x80\x04cnumpy\nndarray\n)R.", "without its content"),
    ],
)
def test_pickle_that_is_none_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        restricted_pickle.decode(data)


def test_memory_that_a_pickle_asks_for_is_not_given() -> None:
    far = restricted_pickle.decode(b"\x80\x02]r\xff\xff\xff\x7f.")  # Python's own would make room for 2^31 of them
    assert far == []
    for opcode in (b"\x8e", b"\x96", b"\x8d"):
        with pytest.raises(SpecError, match="remain"):
            restricted_pickle.decode(b"\x80\x05" + opcode + b"\xff" * 7 + b"\x7fx.")


def test_depth_is_bounded() -> None:
    itself: list[Any] = []
    itself.append(itself)
    deep = b"\x80\x04" + b"(" * 10_000 + b"t" * 10_000 + b"."
    for data in (pickle.dumps(itself), deep):
        with pytest.raises(SpecError, match="deeper than 32"):
            restricted_pickle.decode(data)


def test_number_of_values_is_bounded_however_often_one_is_referred_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickled, "MOST_VALUES", 1000)
    value: list[Any] = [0.0]
    for _ in range(15):
        value = [value, value]
    with pytest.raises(SpecError, match="holds more than 1000 values"):
        restricted_pickle.decode(pickle.dumps(value))


@pytest.mark.parametrize("what", [np.zeros(2**20), "x" * 2**20, b"x" * 2**20])
def test_bytes_are_bounded_however_often_they_are_referred_to(what: Any) -> None:
    with pytest.raises(SpecError, match="some of them many times"):
        restricted_pickle.decode(pickle.dumps({"action_list": [what] * 65}))


@pytest.mark.parametrize("value", [2**200, {2**200: None}])
def test_numbers_are_bounded(value: Any) -> None:
    with pytest.raises(SpecError, match="128 bits"):
        restricted_pickle.decode(pickle.dumps(value))


def test_large_message_is_refused() -> None:
    with pytest.raises(SpecError, match="is larger than"):
        restricted_pickle.decode(bytes(MAX_MESSAGE_BYTES + 1))


@pytest.mark.parametrize(
    "changed",
    [
        {b"<": b"!"},
        {b"f8": b"O8"},
        {b"f8": b"V8"},
        {b"f8": b"((\x00"},
        {b"K\x03\x85": b"K\x04\x85"},
        {b"K\x03\x85": b"K\x03]"},
    ],
)
def test_array_that_is_none_is_refused(changed: dict[bytes, bytes]) -> None:
    data = pickle.dumps(np.arange(3.0), 3)
    for old, new in changed.items():
        assert old in data
        data = data.replace(old, new)
    with pytest.raises(SpecError):
        restricted_pickle.decode(data)


def test_request_names_nothing_and_has_lists_for_arrays() -> None:
    request = {"images": {"high": b"\xff\xd8"}, "action": np.eye(2, dtype=np.float32), "delay": np.int64(3)}
    data = restricted_pickle.encode(request)
    assert not {"GLOBAL", "STACK_GLOBAL", "REDUCE"} & {opcode.name for opcode, _, _ in pickletools.genops(data)}
    assert pickle.loads(data) == {"images": {"high": b"\xff\xd8"}, "action": [[1.0, 0.0], [0.0, 1.0]], "delay": 3}
    for value in (object(), {1, 2}, np.array(["a"]), 1j):
        with pytest.raises(SpecError, match="no place"):
            restricted_pickle.encode({"x": value})


def test_names_persistent_ids_and_what_follows_are_the_callers() -> None:
    class Held:
        def __setstate__(self, state: Any) -> None:
            self.state = state

        def finished(self) -> Any:
            return self.state

    stream = io.BytesIO(b"\x80\x02cx\nHeld\n)\x81}X\x01\x00\x00\x00aK\x01sb." + pickle.dumps("next") + b"rest")
    assert unpickle(stream, {"x.Held": Held}) == {"a": 1}
    assert unpickle(stream, {}) == "next"
    assert stream.read() == b"rest"
    assert unpickle(b"\x80\x02K\x07Q.", {}, lambda key: [key]) == [7]
