"""Tensors as pickles hold them, read without torch: no view leaves its storage, no storage is other than numbers."""

import pickle
from typing import Any

import numpy as np
import pytest

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import torch_tensor
from ros_wam.policy.codecs.torch_tensor import tensor_names, view_of
from ros_wam.policy.codecs.unpickled import Budget

STORAGE = np.arange(12, dtype=np.float32)
INFO = {"protocol_version": 1001, "little_endian": True}
MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001


def saved(**changes: Any) -> bytes:
    """The bytes of a storage of the numbers 0 to 3, or of one that is wrong somewhere."""
    told = {"magic": MAGIC, "version": VERSION, "info": INFO, "kind": "torch\nFloatStorage", "keys": ["k"], "count": 4}
    told |= {"numbers": np.arange(4, dtype="<f4").tobytes(), "id": b"q\x00.", **changes}
    persistent = f"(Vstorage\nc{told['kind']}\nVk\nVcpu\nK\x04Nt".encode() + told.get("end", b"Q.")
    header = [pickle.dumps(told[name], 2) for name in ("magic", "version", "info")]
    return (
        b"".join([*header, b"\x80\x02", persistent, pickle.dumps(told["keys"], 2), told["count"].to_bytes(8, "little")])
        + (told["numbers"])
    )


def load(data: Any) -> Any:
    return tensor_names(Budget())["torch.storage._load_from_bytes"](data)


@pytest.mark.parametrize(("kind", "dtype"), [("Float", "<f4"), ("Double", "<f8"), ("Half", "<f2")])
def test_a_storage_is_its_numbers(kind: str, dtype: str) -> None:
    numbers = np.arange(4, dtype=dtype)
    storage = load(saved(kind=f"torch\n{kind}Storage", numbers=numbers.tobytes()))
    assert storage.dtype == numbers.dtype
    np.testing.assert_array_equal(storage, numbers)


@pytest.mark.parametrize(
    "changes",
    [
        {"magic": 7},
        {"version": 1002},
        {"info": {"little_endian": False}},
        {"info": [1]},
        {"info": {"x": "y" * 2000}},
        {"kind": "torch\nBFloat16Storage"},
        {"kind": "os\nsystem"},
        {"keys": ["k", "l"]},
        {"keys": []},
        {"count": 5},
        {"numbers": bytes(15)},
        {"numbers": bytes(17)},
        {"end": b"."},
        {"end": b"0NQ."},
    ],
)
def test_a_storage_that_is_wrong_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        load(saved(**changes))


@pytest.mark.parametrize("data", [b"", b"\x80\x02", saved()[:40], None, 3])
def test_what_is_no_storage_is_refused(data: Any) -> None:
    with pytest.raises(SpecError):
        load(data)


def test_storages_are_read_once_and_are_not_too_many() -> None:
    names = tensor_names(Budget())
    read = names["torch.storage._load_from_bytes"]
    assert read(saved()) is read(saved())
    with pytest.raises(SpecError, match="more than 256 storages"):
        for number in range(257):
            read(saved(numbers=np.full(4, number, "<f4").tobytes()))


def test_bytes_that_are_referred_to_for_ever_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_tensor, "MAX_MESSAGE_BYTES", 10 * len(saved()))
    read = tensor_names(Budget())["torch.storage._load_from_bytes"]
    for _ in range(10):
        read(saved())
    with pytest.raises(SpecError, match="larger than"):
        read(saved())


@pytest.mark.parametrize(
    ("offset", "shape", "strides", "expected"),
    [
        (0, (12,), (1,), STORAGE),
        (4, (2,), (1,), [4.0, 5.0]),
        (0, (3, 4), (4, 1), STORAGE.reshape(3, 4)),
        (0, (4, 3), (1, 4), STORAGE.reshape(3, 4).T),
        (11, (), (), 11.0),
    ],
)
def test_a_tensor_is_a_view_of_its_storage(offset: int, shape: Any, strides: Any, expected: Any) -> None:
    view = view_of(STORAGE, offset, shape, strides, False, None)
    np.testing.assert_array_equal(view, expected)
    assert not view.flags.writeable


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (13,), (1,)),
        (1, (12,), (1,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (3, 5), (4, 1)),
        (12, (), ()),
        (0, (1 << 62, 1 << 62), (0, 0)),
        (0, (12, 2), (1, 0)),
        (0, (0,), (1,)),
        (0, (1,), (1 << 70,)),
        (0, (2,), (1, 1)),
        (0, [2], [1]),
        (0, (True,), (1,)),
        (0, (1,) * 40, (1,) * 40),
        (0.0, (2,), (1,)),
    ],
)
def test_a_tensor_beyond_its_storage_is_refused(offset: Any, shape: Any, strides: Any) -> None:
    with pytest.raises(SpecError):
        view_of(STORAGE, offset, shape, strides, False, None)


@pytest.mark.parametrize("storage", [None, b"0123", STORAGE.reshape(3, 4), [1.0, 2.0]])
def test_a_tensor_of_no_storage_is_refused(storage: Any) -> None:
    with pytest.raises(SpecError):
        view_of(storage, 0, (1,), (1,), False, None)


def test_hooks_are_refused() -> None:
    assert tensor_names(Budget())["collections.OrderedDict"]() is None
    with pytest.raises(SpecError, match="has hooks"):
        tensor_names(Budget())["collections.OrderedDict"]([("a", 1)])
