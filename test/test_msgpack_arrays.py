"""The msgpack codecs: what each writes, that all read every form, and that what is hostile is refused."""

import contextlib
import io

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import gr00t_npy, msgpack_arrays, msgpack_numpy, openpi
from ros_wam.policy.codecs.npy import read_npy, write_npy

CODECS = (openpi, msgpack_numpy, gr00t_npy)
ROWS = np.array([[1, 2, 3], [4, 5, 6]], "<f4")
arrays = npst.arrays(
    st.one_of(npst.boolean_dtypes(), npst.integer_dtypes(), npst.floating_dtypes(sizes=(16, 32, 64))),
    npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


def npy(array, **options) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def nested(value: object, depth: int = 500) -> object:
    for _ in range(depth):
        value = {"x": value}
    return value


def header(text: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data


@pytest.mark.parametrize("writer", CODECS)
@settings(max_examples=25)
@given(array=arrays)
def test_every_codec_reads_what_any_of_them_wrote(writer, array) -> None:
    for reader in CODECS:
        read = reader.decode(writer.encode({"a": [array]}))["a"][0]
        assert read.dtype == array.dtype
        assert read.shape == array.shape
        np.testing.assert_array_equal(read, array)
        assert not read.flags.writeable


@pytest.mark.parametrize("writer", CODECS)
def test_numbers_of_numpy_come_back(writer) -> None:
    assert writer.decode(writer.encode({"n": np.int16(7), "x": np.float32(0.5)})) == {"n": 7, "x": 0.5}


def test_a_number_too_large_for_its_dtype_is_infinite() -> None:
    assert openpi.decode(msgpack.packb({"__npgeneric__": True, "dtype": "<f4", "data": 1e300})) == np.inf


def test_wire_form_of_msgpack_numpy() -> None:
    form = {b"nd": True, b"type": "<f4", b"kind": b"", b"shape": [2, 3], b"data": ROWS.tobytes()}
    assert msgpack.unpackb(msgpack_numpy.encode({"actions": ROWS})) == {"actions": form}
    number = {b"nd": False, b"type": "<i2", b"data": b"\x07\x00"}
    assert msgpack.unpackb(msgpack_numpy.encode(np.int16(7))) == number


def test_wire_form_of_gr00t() -> None:
    form = msgpack.unpackb(gr00t_npy.encode({"actions": ROWS}))["actions"]
    assert form.keys() == {"__ndarray_class__", "as_npy"}
    np.testing.assert_array_equal(np.load(io.BytesIO(form["as_npy"]), allow_pickle=False), ROWS)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_npy_files_of_every_version_and_order_are_read(version, order) -> None:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array(ROWS, order=order), version)
    np.testing.assert_array_equal(read_npy(file.getvalue()), ROWS)


def test_npy_file_is_numpys() -> None:
    assert write_npy(ROWS) == npy(ROWS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        npy(np.array([None]), allow_pickle=True),
        npy(ROWS)[:-1],
        npy(ROWS) + b"\0",
        npy(np.zeros(2, [("a", "f4")])),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"),
        header("{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000000,), }"),
        header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"\0" * 8),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
        header("(" * 9000),
        header("__import__('os').abort()"),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        5,
    ],
)
def test_npy_file_that_is_none_is_refused(data) -> None:
    with pytest.raises(SpecError, match="cannot be decoded"):
        gr00t_npy.decode(msgpack.packb({"__ndarray_class__": True, "as_npy": data}))


@pytest.mark.parametrize(
    "form",
    [
        {b"nd": True, b"type": b"O", b"kind": b"O", b"shape": [1], b"data": b"cos\nsystem\n."},
        {b"nd": True, b"type": "|V8", b"kind": b"V", b"shape": [1], b"data": bytes(8)},
        {b"nd": True, b"type": "<f8", b"kind": b"O", b"shape": [1], b"data": bytes(8)},
        {b"nd": True, b"type": "<f8", b"kind": b"", b"shape": [2], b"data": bytes(8)},
        {b"nd": True, b"type": "<f8", b"kind": b"", b"data": bytes(8)},
        {b"nd": True, b"type": "|S0", b"kind": b"", b"shape": [10**12], b"data": b""},
        {b"nd": False, b"type": "<f8", b"data": bytes(4)},
        {b"nd": False, b"type": "<f8"},
        {"__ndarray__": True, "dtype": "|U0", "shape": [10**12], "data": b""},
        {"__ndarray__": True, "dtype": [nested("x")], "shape": [1], "data": b"x"},
        {"__ndarray__": True, "dtype": "|u1", "shape": {"x": nested("x")}, "data": b"x"},
        {"__ndarray__": True, "dtype": "|u1", "shape": [2**63] * 400_000, "data": b"x"},
        {"__npgeneric__": True, "dtype": "|S4", "data": 2**40},
        {"__npgeneric__": True, "dtype": "<f4", "data": [1.0]},
        {"__ndarray_class__": True},
    ],
)
def test_hostile_arrays_are_refused(form) -> None:
    with pytest.raises(SpecError, match="cannot be decoded"):
        msgpack_numpy.decode(msgpack.packb(form))


def test_values_are_counted_in_all_lists_and_maps(monkeypatch) -> None:
    monkeypatch.setattr(msgpack_arrays, "MOST_VALUES", 1000)
    for value in ([[0] * 15] * 65, [{"x": 0}] * 400, [[]] * 600):
        with pytest.raises(SpecError, match="holds more than 1000 values"):
            openpi.decode(msgpack.packb(value))
    with pytest.raises(SpecError, match="exceeds max_array_len"):
        openpi.decode(msgpack.packb([0] * 1001))
    assert openpi.decode(msgpack.packb([0] * 900)) == [0] * 900


@settings(max_examples=50)
@given(st.binary(max_size=80))
def test_garbage_in_an_npy_file_never_does_more_than_raise(data) -> None:
    for content in (data, npy(ROWS)[:60] + data, header(data.decode("latin-1")[:60])):
        with contextlib.suppress(SpecError):
            gr00t_npy.decode(msgpack.packb({"__ndarray_class__": True, "as_npy": content}))
