"""Files of torch.save, written and read without torch; against torch itself where it is installed."""

import contextlib
import io
import pickle
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import torch_arrays, torch_tensors, unpickled
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.pickle_writer import Call, Name, PersistentId, write_pickle

numbers = st.one_of(
    npst.boolean_dtypes(), npst.integer_dtypes(endianness="<"), npst.floating_dtypes(endianness="<", sizes=(16, 32, 64))
)
arrays = npst.arrays(numbers, npst.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4))
HOOKS = Call(Name("collections", "OrderedDict"))


def saved(content: bytes, entries: dict[str, bytes] | None = None, **options: Any) -> bytes:
    """A file with this as its pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        archive.writestr("archive/data.pkl", content)
        for name, data in (entries or {}).items():
            archive.writestr(f"archive/{name}", data)
    return file.getvalue()


def storage(kind: str = "FloatStorage", key: str = "0", count: Any = 2, module: str = "torch") -> PersistentId:
    return PersistentId(("storage", Name(module, kind), key, "cpu", count))


def tensor(of: Any, shape: Any = (2,), steps: Any = (1,), offset: Any = 0, hooks: Any = HOOKS) -> bytes:
    return write_pickle(tensor_call(of, shape, steps, offset, hooks))


def tensor_call(of: Any, shape: Any = (2,), steps: Any = (1,), offset: Any = 0, hooks: Any = HOOKS) -> Call:
    return Call(Name("torch._utils", "_rebuild_tensor_v2"), (of, offset, shape, steps, False, hooks))


@settings(max_examples=30)
@given(array=arrays)
def test_arrays_come_back(array) -> None:
    value = {"a": [array], "b": (1, 2.5, None, True, "text", b"bytes", 2**40), "n": np.float64(0.5)}
    read = torch_arrays.decode(torch_arrays.encode(value))
    assert read["b"] == value["b"]
    assert read["n"] == 0.5
    assert read["a"][0].dtype == array.dtype
    np.testing.assert_array_equal(read["a"][0], array)


@settings(max_examples=30)
@given(array=arrays.filter(lambda array: array.dtype.kind != "u" or array.itemsize == 1))
def test_tensors_come_back(array) -> None:
    read = torch_tensors.decode(torch_tensors.encode({"a": [array, array.T]}))["a"]
    for got, wanted in zip(read, (array, array.T), strict=True):
        assert got.dtype == array.dtype
        np.testing.assert_array_equal(got, wanted)
        assert not got.flags.writeable


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_are_read_as_numpy_pickles_them(protocol) -> None:
    rows = np.arange(672, dtype=np.float64).reshape(48, 14)
    for array in (rows, np.asfortranarray(rows.astype(np.float32)), np.array([True, False])):
        read = torch_arrays.decode(saved(pickle.dumps({"action": array, "ms": np.float32(2)}, protocol)))
        np.testing.assert_array_equal(read["action"], array)
        assert read["ms"] == 2.0


def test_what_is_written_is_unpickled_by_python_itself_to_arrays_that_can_be_written_to() -> None:
    data = torch_arrays.encode({"video.x": np.arange(6, dtype=np.uint8).reshape(2, 3), "l": ["hi"]})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {"archive/data.pkl", "archive/byteorder", "archive/version"}
        value = pickle.loads(archive.read("archive/data.pkl"))
    np.testing.assert_array_equal(value["video.x"], [[0, 1, 2], [3, 4, 5]])
    assert value["video.x"].flags.writeable
    assert value["l"] == ["hi"]


def test_a_storage_may_have_several_views() -> None:
    view = Call(Name("torch._utils", "_rebuild_tensor_v2"), (storage(count=6), 0, (2, 3), (3, 1), False, HOOKS))
    turned = Call(Name("torch._utils", "_rebuild_tensor_v2"), (storage(count=6), 1, (2, 2), (1, 3), False, HOOKS))
    data = saved(write_pickle([view, turned]), {"data/0": np.arange(6, dtype="<f4").tobytes(), "byteorder": b"little"})
    first, second = torch_tensors.decode(data)
    np.testing.assert_array_equal(first, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(second, [[1, 4], [2, 5]])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", r"names os\.system, which is refused"),
        (write_pickle(Call(Name("builtins", "eval"), ("1",))), r"names builtins\.eval"),
        (write_pickle(Call(Name("torch", "load"), ("x",))), r"names torch\.load"),
        (write_pickle(Call(Name("numpy", "ndarray"), ((2**40,), "|S0", b""))), "dtype |S0"),
        (write_pickle(Call(Name("builtins", "bytearray"), (2**40,))), "must be bytes"),
        (write_pickle(Call(Name("_codecs", "encode"), ("x", "rot13"))), "latin1"),
        (write_pickle(PersistentId(("module", 1, 2, 3, 4))), "that of a storage"),
        (tensor(storage("BFloat16Storage")), "BFloat16Storage"),
        (tensor(storage(count=3)), "must be 3"),
        (tensor(storage("DoubleStorage")), "holds 1"),
        (tensor(storage(key="../data.pkl")), "no item named"),
        (tensor(storage(), (2**40,), (0,)), "no part of a storage"),
        (tensor(storage(), (3,)), "no part of a storage"),
        (tensor(storage(), (2,), (1,), -1), "a storage and an offset"),
        (tensor(storage(), hooks=Call(Name("collections", "OrderedDict"), ([],))), "hooks"),
        (b"", "cannot be read"),
    ],
)
def test_hostile_pickles_are_refused(content, told) -> None:
    with pytest.raises(SpecError, match=told):
        torch_tensors.decode(saved(content, {"data/0": np.zeros(2, "<f4").tobytes()}))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no file of torch"),
        (b"PK\x05\x06" + bytes(18), "0 of data.pkl"),
        (saved(pickle.dumps("x" * 10_000), compression=zipfile.ZIP_DEFLATED), "compressed"),
        (saved(b"N.", {"byteorder": b"big"}), "not little-endian"),
        (saved(b"N.") + b"PK\x01\x02" * 5000, "4096 entries"),
        (saved(b"N.")[:-30], "no file of torch"),
        (bytes(MAX_MESSAGE_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_file_of_torch_is_refused(data, told) -> None:
    with pytest.raises(SpecError, match=told):
        torch_arrays.decode(data)


@pytest.mark.parametrize("codec", [torch_arrays, torch_tensors])
@pytest.mark.parametrize("value", [np.array([None]), np.array([1j]), object(), {1: {2}}])
def test_what_has_no_place_in_a_message_is_not_encoded(codec, value) -> None:
    with pytest.raises(SpecError):
        codec.encode({"x": value})


@settings(max_examples=50)
@given(st.binary(max_size=64), st.integers(0, 400))
def test_garbage_never_does_more_than_raise(noise, at) -> None:
    good = torch_tensors.encode({"a": np.zeros(3, np.float32)})
    for data in (noise, good[:at] + noise + good[at + len(noise) :]):
        with contextlib.suppress(SpecError):
            torch_tensors.decode(data)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Detected pickle protocol 3")  # read all the same; with 2 there were no bytes
def test_torch_reads_and_writes_the_same() -> None:
    import torch

    value = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "prompt": "tidy up"}
    loaded = torch.load(io.BytesIO(torch_tensors.encode(value)), weights_only=True)
    assert torch.equal(loaded["x"], torch.from_numpy(value["x"].copy()))
    loaded = torch.load(io.BytesIO(torch_arrays.encode(value)), weights_only=False)
    np.testing.assert_array_equal(loaded["x"], value["x"])
    file = io.BytesIO()
    torch.save({"t": torch.arange(6).reshape(2, 3).T, "a": value["x"]}, file)
    read = torch_tensors.decode(file.getvalue())
    np.testing.assert_array_equal(read["t"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(read["a"], value["x"])


def test_values_of_persistent_ids_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickled, "MOST_VALUES", 1000)
    told = PersistentId(("storage", Name("torch", "FloatStorage"), "0", [None] * 300, 2))
    for count in (1, 4):
        data = saved(write_pickle([tensor_call(told)] * count), {"data/0": bytes(8)})
        with pytest.raises(SpecError, match="more than 1000 values") if count == 4 else contextlib.nullcontext():
            torch_tensors.decode(data)


def test_bytes_that_calls_make_count() -> None:
    text = "x" * 2**20
    call = b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"
    data = b"\x80\x02X" + len(text).to_bytes(4, "little") + text.encode() + b"q\x000](" + call * 65 + b"e."
    with pytest.raises(SpecError, match="some of them many times"):
        torch_arrays.decode(saved(data))


def test_entry_of_more_bytes_than_it_says_is_refused() -> None:
    data = saved(write_pickle([1]))
    directory = data.rindex(b"PK\x01\x02")
    size = slice(directory + 24, directory + 28)  # https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.12
    with pytest.raises(SpecError, match="larger than the file can be"):
        torch_arrays.decode(data[: size.start] + bytes(4) + data[size.stop :])
