"""The RTDE wire: frames however they are cut, recipes of every type."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.errors import SimError
from ros_wam.sim.emulators.rtde import Frame, FrameReader, Recipe, encode, read_names

_NUMBERS = {
    "DOUBLE": st.floats(allow_nan=False),
    "UINT64": st.integers(0, 2**64 - 1),
    "UINT32": st.integers(0, 2**32 - 1),
    "INT32": st.integers(-(2**31), 2**31 - 1),
    "UINT8": st.integers(0, 255),
}
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    **_NUMBERS,
    "BOOL": st.booleans(),
    "VECTOR3D": st.tuples(*[_NUMBERS["DOUBLE"]] * 3),
    "VECTOR6D": st.tuples(*[_NUMBERS["DOUBLE"]] * 6),
    "VECTOR6INT32": st.tuples(*[_NUMBERS["INT32"]] * 6),
}
_FIELDS = st.lists(st.sampled_from(sorted(_VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), _VALUES[kind])))


@settings(max_examples=30, deadline=None)
@given(_FIELDS)
def test_a_recipe_reads_back_what_it_packed(fields: list[tuple[str, Any]]) -> None:
    names = [f"variable_{n}" for n in range(len(fields))]
    recipe = Recipe(3, names, [kind for kind, _ in fields])
    values = dict(zip(names, (value for _, value in fields), strict=True))
    payload = recipe.pack(values)
    assert len(payload) == recipe.size and payload[0] == 3
    assert recipe.unpack(payload) == values


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Frame), st.binary(max_size=200))), st.integers(1, 50))
def test_frames_come_out_whole_however_the_stream_is_cut(frames: list[tuple[Frame, bytes]], step: int) -> None:
    stream = b"".join(encode(kind, payload) for kind, payload in frames)
    reader = FrameReader()
    taken = [frame for at in range(0, len(stream), step) for frame in reader.take(stream[at : at + step])]
    assert taken == [(int(kind), payload) for kind, payload in frames]


def test_a_package_of_another_size_is_an_error() -> None:
    with pytest.raises(SimError, match="9 bytes"):
        Recipe(1, ["a", "b"], ["DOUBLE", "DOUBLE"]).unpack(bytes(9))


def test_an_unknown_type_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SimError, match=r"VECTOR7D.*VECTOR6D"):
        Recipe(1, ["a"], ["VECTOR7D"])


def test_a_frame_shorter_than_its_header_is_an_error() -> None:
    with pytest.raises(SimError, match="length is 2"):
        FrameReader().take(b"\x00\x02U")


def test_names_may_end_with_a_comma() -> None:
    assert read_names(b"timestamp,actual_q,") == ("timestamp", "actual_q")
