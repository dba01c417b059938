"""Pictures as policies want them."""

import numpy as np
import pytest

from ros_wam.policy.image import resize_with_pad, stretched


def test_image_of_the_right_size_is_sent_as_it_is() -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    assert resize_with_pad(image, (240, 320)) is image


@pytest.mark.parametrize(
    ("shape", "rows", "columns"), [((480, 640), (28, 196), (0, 224)), ((112, 56), (0, 224), (56, 168))]
)
def test_image_of_another_shape_is_centred_on_black(
    shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    resized = resize_with_pad(np.full((*shape, 3), 200, np.uint8), (224, 224))
    inside = np.zeros((224, 224, 3), bool)
    inside[slice(*rows), slice(*columns)] = True
    assert (resized[inside] == 200).all()
    assert (resized[~inside] == 0).all()


def test_lengths_are_rounded_down_as_openpi_does() -> None:
    resized = resize_with_pad(np.full((480, 848, 3), 200, np.uint8), (224, 224))  # 126.8 rows
    assert np.flatnonzero(resized.any(axis=(1, 2))).tolist() == list(range(49, 49 + 126))


@pytest.mark.parametrize("scale", [1.2, 1.43, 1.6, 2.0, 2.857, 3.3, 4.0, 5.7])
def test_smaller_pictures_are_as_after_a_triangle_of_two_new_pixels(scale: float) -> None:
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)  # the hardest: all frequencies
    size = (round(240 / scale), round(320 / scale))
    difference = stretched(image, size) - triangle(image, size)
    assert 20 * np.log10(255 / np.sqrt((difference**2).mean())) > 23.0


def test_each_axis_has_a_scale_of_its_own() -> None:
    image = np.zeros((240, 100, 3), np.uint8)
    image[:, 50:] = 240
    resized = stretched(image, (60, 100))
    np.testing.assert_array_equal(resized[:, :50], 0)
    np.testing.assert_array_equal(resized[:, 50:], 240)


def triangle(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Each new pixel as the mean of the old ones, weighed with a triangle as wide as two new pixels."""
    rows, columns = (weights(old, new) for old, new in zip(image.shape, size, strict=False))
    return np.einsum("ih,hwc,jw->ijc", rows, image.astype(float), columns, optimize=True)


def weights(old: int, new: int) -> np.ndarray:
    """`(new, old)` weights."""
    scale = old / new
    centres = (np.arange(new)[:, None] + 0.5) * scale
    falling = np.maximum(0.0, 1.0 - np.abs(np.arange(old) + 0.5 - centres) / scale)
    return falling / falling.sum(axis=1, keepdims=True)
