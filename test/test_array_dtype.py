"""Which arrays may travel."""

import io
import json
import pickle
from base64 import b64encode

import msgpack
import numpy as np
import pytest

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import json_numpy, openpi, restricted_pickle
from ros_wam.policy.codecs.array_dtype import with_text
from ros_wam.policy.codecs.npy import read_npy

NO_CHARACTER = (0x110000).to_bytes(4, "little")


@pytest.mark.parametrize("order", "<>")
def test_text_is_text(order: str) -> None:
    text = np.array(["π0", "\U0010ffff"], f"{order}U2")
    assert with_text(text) is text
    with pytest.raises(SpecError, match="no character"):
        with_text(np.array([0x110000], f"{order}u4").view(f"{order}U1"))


def test_every_codec_refuses_text_that_is_none() -> None:
    array = np.frombuffer(NO_CHARACTER, "<U1")
    file = io.BytesIO()
    np.save(file, np.array(["x"]))
    wire = {"dtype": "<U1", "shape": [1]}
    for decode, data in (
        (openpi.decode, msgpack.packb({"__ndarray__": True, "data": NO_CHARACTER, **wire})),
        (openpi.decode, msgpack.packb({b"nd": False, b"type": "<U1", b"data": NO_CHARACTER})),
        (json_numpy.decode, json.dumps({"__numpy__": b64encode(NO_CHARACTER).decode(), **wire}).encode()),
        (restricted_pickle.decode, pickle.dumps(array)),
        (restricted_pickle.decode, pickle.dumps(np.array(["x"])[0]).replace(b"x\0\0\0", NO_CHARACTER)),
        (read_npy, file.getvalue()[:-4] + NO_CHARACTER),
    ):
        with pytest.raises(SpecError, match="no character"):
            decode(data)
