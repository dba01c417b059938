"""Pictures as a server wants them."""

import base64
import dataclasses
from typing import Any

import cv2
import numpy as np
import pytest
from fake_policy import UR5, observation, state

from ros_wam.errors import ConfigError
from ros_wam.policy.image_input import ImageInput, image_values
from ros_wam.types import CameraFrame, Observation

HEIGHT, WIDTH = 24, 32
RED = (250, 120, 5)


def seen(*shades: int, rows: dict[tuple[str, int], int] | None = None) -> Observation:
    """Red pictures, the first value of view i being `shades[i]`; earlier ones by view and row."""

    def frame(view: str, shade: int) -> CameraFrame:
        image = np.full((HEIGHT, WIDTH, 3), RED, np.uint8)
        image[0, 0, 0] = shade
        return CameraFrame(view, 1, image)

    frames = {view: frame(view, shade) for view, shade in zip(UR5.views, shades or (1, 2), strict=True)}
    history = {(view, row): frame(view, shade) for (view, row), shade in (rows or {}).items()}
    return Observation(1, frames, state(1), "", history=history)


def values(images: ImageInput, observation: Observation) -> dict[str, Any]:
    return dict(image_values(images, observation))


def first(array: Any) -> list[int]:
    """The value that tells pictures apart, of each picture of a stack."""
    return [int(picture[0, 0, 0]) for picture in array.reshape(-1, HEIGHT, WIDTH, 3)]


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ("HWC", (HEIGHT, WIDTH, 3)),
        ("CHW", (3, HEIGHT, WIDTH)),
        ("BHWC", (1, HEIGHT, WIDTH, 3)),
        ("BTHWC", (1, 1, HEIGHT, WIDTH, 3)),
        ("TCHW", (1, 3, HEIGHT, WIDTH)),
    ],
)
def test_axes(axes: str, shape: tuple[int, ...]) -> None:
    array = values(ImageInput({"wrist": "w"}, axes=axes), seen())["w"]
    assert (array.shape, array.dtype) == (shape, np.uint8)
    colours = np.moveaxis(array, axes.index("C"), -1).reshape(HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(colours, seen().frames["wrist"].image)
    assert array.flags.c_contiguous


def test_views_that_share_a_path_are_stacked_in_order() -> None:
    views = dict.fromkeys(reversed(UR5.views), "o > obs")
    array = values(ImageInput(views, axes="VHWC", size=(HEIGHT, WIDTH)), seen(3, 4))
    assert list(array) == ["o > obs"]
    assert first(array["o > obs"]) == [4, 3]


def test_views_and_history_in_either_order() -> None:
    shades = seen(3, 4, rows={(UR5.views[0], -1): 1, (UR5.views[1], -1): 2})
    images = ImageInput(dict.fromkeys(UR5.views, "v"), axes="VTHWC", size=(HEIGHT, WIDTH), history=(-1, 0))
    assert first(values(images, shades)["v"]) == [1, 3, 2, 4]
    assert first(values(dataclasses.replace(images, axes="BTVHWC"), shades)["v"]) == [1, 2, 3, 4]


@pytest.mark.parametrize(("at_start", "sent"), [("repeat", [8, 8, 9]), ("single", [8, 9])])
def test_an_episode_that_has_just_begun_has_less_history(at_start: str, sent: list[int]) -> None:
    images = ImageInput({"wrist": "w"}, axes="THWC", history=(-8, -4, 0), at_start=at_start)
    index = UR5.views.index("wrist")
    shades = seen(*(9 if i == index else 0 for i in range(2)), rows={("wrist", -4): 8})
    assert first(values(images, shades)["w"]) == sent


def test_float_pictures_run_from_0_to_1() -> None:
    array = values(ImageInput({"wrist": "w"}, dtype="float32", axes="CHW"), seen())["w"]
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array[:, 1, 1], np.array(RED, np.float32) / np.float32(255))


def test_bgr_swaps_red_and_blue() -> None:
    array = values(ImageInput({"wrist": "w"}, colour="bgr"), seen())["w"]
    np.testing.assert_array_equal(array[1, 1], RED[::-1])


def decoded(encoding: str, value: Any) -> Any:
    """The picture as OpenCV decodes it, which is BGR."""
    if encoding.endswith("_base64"):
        assert isinstance(value, str)
        value = base64.b64decode(value, validate=True)
    elif encoding.endswith("_array"):
        assert (value.dtype, value.ndim) == (np.uint8, 1)
        value = value.tobytes()
    assert isinstance(value, bytes)
    assert value.startswith(b"\xff\xd8" if encoding.startswith("jpeg") else b"\x89PNG")
    return cv2.imdecode(np.frombuffer(value, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("encoding", ["jpeg", "png", "jpeg_base64", "png_base64", "jpeg_array"])
@pytest.mark.parametrize(("colour", "opencv_sees"), [("rgb", RED[::-1]), ("bgr", RED)])
def test_encoded_pictures_are_what_they_show(encoding: str, colour: str, opencv_sees: tuple[int, int, int]) -> None:
    value = values(ImageInput({"wrist": "w"}, colour=colour, encoding=encoding), seen())["w"]
    picture = decoded(encoding, value)
    assert picture.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(picture[12, 12].astype(int), opencv_sees, atol=8)


def test_encoded_pictures_that_share_a_path_are_a_list() -> None:
    images = ImageInput(dict.fromkeys(UR5.views, "v"), axes="BVHWC", encoding="jpeg")
    value = values(images, seen())["v"]
    assert isinstance(value, list)
    assert [type(picture) for picture in value[0]] == [bytes, bytes]


def test_size_pads_or_stretches() -> None:
    padded = values(ImageInput({"wrist": "w"}, size=(16, 16)), seen())["w"]
    assert padded.shape == (16, 16, 3)
    assert not padded[0].any()
    stretched = values(ImageInput({"wrist": "w"}, size=(16, 16), resize="stretch"), seen())["w"]
    assert stretched.shape == (16, 16, 3)
    np.testing.assert_allclose(stretched[-1].astype(int), np.broadcast_to(RED, (16, 3)), atol=1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"axes": "HCW"}, "axes is 'HCW', must be HWC or CHW"),
        ({"axes": "BBHWC"}, "each at most once"),
        ({"encoding": "webp"}, "encoding is 'webp', must be one of raw, jpeg, png"),
        ({"encoding": "jpeg", "axes": "CHW"}, "axes is 'CHW', must be HWC, for encoding is jpeg"),
        ({"encoding": "jpeg", "dtype": "float32"}, "must be uint8, for encoding is jpeg"),
        ({"resize": "crop"}, "resize is 'crop', must be one of pad, stretch"),
        ({"axes": "VHWC"}, "size is None, must be given"),
        ({"history": (-1, 0)}, "one with T"),
        ({"history": (0, -1), "axes": "THWC"}, "rows in ascending order, 0 the last"),
        ({"size": (0, 224)}, "above 0"),
        ({"views": {}}, "at least one view"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told.replace("(", r"\(")):
        ImageInput(**{"views": {"wrist": "w"}, **changes})


def test_all_is_every_view_of_the_robot() -> None:
    images = ImageInput({"all": "images > {view}"}).for_robot(UR5)
    assert list(values(images, observation())) == [f"images > {view}" for view in UR5.views]
