"""Forms with files, taken apart by Python's own parser of mail."""

import email
import io
from collections.abc import Iterator

import numpy as np
import pytest

from ros_wam.errors import SpecError
from ros_wam.policy.codecs import multipart


def parts(data: bytes) -> Iterator[tuple[str, str | None, bytes]]:
    """Yield each part's name, file name and content."""
    message = email.message_from_bytes(f"Content-Type: {multipart.CONTENT_TYPE}\r\n\r\n".encode() + data)
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        yield name, part.get_filename(), part.get_payload(decode=True)


def test_arrays_are_files_in_numpys_form() -> None:
    array = np.arange(6, dtype=np.uint16).reshape(2, 3)
    ((name, file, content),) = parts(multipart.encode({"left_depth": array}))
    assert (name, file) == ("left_depth", "left_depth.npy")
    read = np.load(io.BytesIO(content), allow_pickle=False)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, array)


def test_pictures_of_one_name_keep_their_order() -> None:
    form = multipart.encode({"image": [b"\x89PNG\r\n\x1a\n1", b"2"], "mask": b"3"})
    assert list(parts(form)) == [
        ("image", "image", b"\x89PNG\r\n\x1a\n1"),
        ("image", "image", b"2"),
        ("mask", "mask", b"3"),
    ]


def test_text_and_numbers_are_fields() -> None:
    form = multipart.encode({"text": "tidy, ütf", "states": [1.0, 0.25], "delay_horizon": 3, "image": b"1"})
    assert [(name, file, content.decode()) for name, file, content in parts(form)] == [
        ("text", None, "tidy, ütf"),
        ("states", None, "[1.0, 0.25]"),
        ("delay_horizon", None, "3"),
        ("image", "image", "1"),
    ]


@pytest.mark.parametrize("value", [[1], {"a": np.array([object()])}, {"a": {1, 2}}, {"a": {"b": np.zeros(3)}}])
def test_what_has_no_place_in_a_form_is_refused(value: object) -> None:
    with pytest.raises(SpecError):
        multipart.encode(value)


def test_file_that_would_end_itself_is_refused() -> None:
    boundary = multipart.CONTENT_TYPE.partition("boundary=")[2].encode()
    with pytest.raises(SpecError, match="boundary"):
        multipart.encode({"image": b"\r\n--" + boundary + b"--"})


def test_answers_are_json() -> None:
    assert multipart.decode(b'{"left_arm_actions": [[0.5]]}') == {"left_arm_actions": [[0.5]]}
    with pytest.raises(SpecError):
        multipart.decode(b"--x")
