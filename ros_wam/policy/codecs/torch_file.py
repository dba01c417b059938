"""What torch.save writes, without torch: a zip file of a pickle and of the numbers that its tensors are views of.

torch/serialization.py. Arrays of numpy are in the pickle itself.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.array_dtype import read_dtype
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.npy import array_of
from ros_wam.policy.codecs.pickled_numpy import NUMPY
from ros_wam.policy.codecs.torch_tensor import view_of
from ros_wam.policy.codecs.unpickle import unpickle
from ros_wam.policy.codecs.unpickled import Named

STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "ByteStorage": "|u1",
    "CharStorage": "|i1",
    "ShortStorage": "<i2",
    "IntStorage": "<i4",
    "LongStorage": "<i8",
    "BoolStorage": "|b1",
}
_FOLDER, _PICKLE, _ORDER = "archive", "data.pkl", "byteorder"
_ENTRY = b"PK\x01\x02"  # stands before each entry of a zip file's directory
_MOST_ENTRIES = 4096
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, KeyError, ValueError)


def write_file(pickled: bytes, storages: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a file that torch.load reads; raises SpecError for more than MAX_MESSAGE_BYTES."""
    file = io.BytesIO()
    parts = {_PICKLE: pickled, _ORDER: b"little", "version": b"3\n"}
    parts.update({f"data/{key}": data for key, data in storages.items()})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(f"{_FOLDER}/{name}", content)
    _check_size(file.tell())
    return file.getvalue()


def read_file(data: bytes) -> Any:
    """Return what torch.save was given, tensors as arrays; raises SpecError for any other name in it, and the rest."""
    _check_size(len(data))
    if data.count(_ENTRY) > _MOST_ENTRIES:
        raise SpecError(f"file of torch.save has more than {_MOST_ENTRIES} entries")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Reader(archive).read()
    except _BROKEN as error:
        raise SpecError(f"message of {len(data)} bytes is no file of torch.save: {error}") from error


class _Reader:
    """Reads each storage once, and no more bytes in all than a message may have: entries of a zip may overlap."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MAX_MESSAGE_BYTES
        self._storages: dict[str, NDArray[Any]] = {}

    def read(self) -> Any:
        pickles = [name for name in self._archive.namelist() if name.count("/") == 1 and name.endswith(f"/{_PICKLE}")]
        if len(pickles) != 1:
            raise SpecError(f"file of torch.save has {len(pickles)} of {_PICKLE}, must be one")
        self._folder = pickles[0].removesuffix(_PICKLE)
        if self._folder + _ORDER in self._archive.namelist() and self._bytes(_ORDER) != b"little":
            raise SpecError("file of torch.save is not little-endian")
        names: dict[str, Callable[..., Any]] = {
            **NUMPY,
            **{f"torch.{name}": lambda: None for name in STORAGES},
            "numpy.ndarray": _array,
            "builtins.bytearray": _content,
            "_codecs.encode": _bytes_of_text,
            "collections.OrderedDict": _no_hooks,
            "torch._utils._rebuild_tensor_v2": view_of,
        }
        return unpickle(self._bytes(_PICKLE), names, self._storage)

    def _storage(self, told: Any) -> NDArray[Any]:
        if not isinstance(told, tuple) or len(told) != 5 or told[0] != "storage" or not isinstance(told[1], Named):
            raise SpecError("persistent id of a file of torch.save must be that of a storage")
        key, count = told[2], told[4]
        dtype = STORAGES.get(told[1].name.removeprefix("torch."))
        if dtype is None or not isinstance(key, str) or not isinstance(count, int):
            raise SpecError(f"storage {str(key)[:80]!r} of a file of torch.save is of no kind that is known")
        if key not in self._storages:
            self._storages[key] = np.frombuffer(self._bytes(f"data/{key}"), np.dtype(dtype))
        storage = self._storages[key]
        if len(storage) != count or storage.dtype != np.dtype(dtype):
            raise SpecError(f"storage {key[:80]!r} holds {len(storage)} {storage.dtype}, must be {count} {dtype}")
        return storage

    def _bytes(self, name: str) -> bytes:
        entry = self._archive.getinfo(self._folder + name)
        is_stored = entry.compress_type == zipfile.ZIP_STORED and entry.compress_size == entry.file_size
        if not is_stored or entry.file_size > self._left:
            raise SpecError(f"{name[:80]} of a file of torch.save is compressed, or larger than the file can be")
        self._left -= entry.file_size
        return self._archive.read(entry)


def _array(shape: Any, dtype: Any, data: Any) -> NDArray[Any]:
    """As `torch_arrays.py` writes it."""
    try:
        return array_of(read_dtype(dtype), shape, data)
    except TypeError as error:
        raise SpecError(str(error)) from error


def _content(data: Any) -> bytes:
    if not isinstance(data, bytes):
        raise SpecError(f"content of an array is a {type(data).__name__}, must be bytes")
    return data


def _bytes_of_text(text: Any, encoding: Any) -> bytes:
    """Pickles of protocol 2 have bytes so."""
    if not isinstance(text, str) or encoding != "latin1":
        raise SpecError("a pickle must have bytes as text in latin1")
    return text.encode("latin1")


def _no_hooks(*content: Any) -> None:
    if content:
        raise SpecError("a tensor has hooks, must have none")


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise SpecError(f"message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")
