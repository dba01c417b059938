"""Colour segmentation on drawn pictures."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from toy_tabletop import COLOURS_RGB, TABLE_RGB

from ros_wam.policies.things import CLUTTER, Thing
from ros_wam.policies.vision import area, blobs, centroid, convex_hull, hsv_of

each_thing = pytest.mark.parametrize("thing", CLUTTER, ids=lambda thing: thing.name)


def table(*patches: tuple[tuple[int, int, int], tuple[int, int, int, int]]) -> NDArray[np.uint8]:
    """Return a table with coloured rectangles (left, top, right, bottom), right and bottom excluded."""
    image = np.full((240, 320, 3), TABLE_RGB, np.uint8)
    for colour, (left, top, right, bottom) in patches:
        image[top:bottom, left:right] = colour
    return image


@each_thing
def test_a_patch_is_found_with_its_centre_and_area(thing: Thing) -> None:
    image = table((COLOURS_RGB[thing.name], (100, 60, 140, 80)))
    (blob,) = blobs(hsv_of(image), thing.colour)
    assert blob.area_px == pytest.approx(40 * 20)
    assert blob.centre == pytest.approx([119.5, 69.5])
    assert not blob.touches_edge


@each_thing
def test_neither_the_table_nor_other_things_have_its_colour(thing: Thing) -> None:
    others = [COLOURS_RGB[name] for name in COLOURS_RGB if name != thing.name]
    image = table(*((colour, (20 + 60 * i, 50, 60 + 60 * i, 90)) for i, colour in enumerate(others)))
    assert blobs(hsv_of(image), thing.colour) == []


@each_thing
@pytest.mark.parametrize("brightness", [0.5, 0.75, 1.1])
def test_a_patch_is_found_in_dim_and_bright_light(thing: Thing, brightness: float) -> None:
    image = table((COLOURS_RGB[thing.name], (100, 60, 140, 80)))
    lit = (image * brightness).clip(0, 255).astype(np.uint8)
    assert blobs(hsv_of(lit), thing.colour)[0].area_px == pytest.approx(40 * 20)


@each_thing
def test_compression_hardly_moves_a_patch(thing: Thing) -> None:
    image = table((COLOURS_RGB[thing.name], (101, 61, 142, 83)))
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    decoded = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1])
    assert blobs(hsv_of(decoded), thing.colour)[0].centre == pytest.approx([121.0, 71.5], abs=0.5)


def test_patches_come_largest_first_and_specks_not_at_all() -> None:
    red = COLOURS_RGB["cube"]
    image = table((red, (10, 10, 20, 20)), (red, (100, 100, 140, 140)), (red, (200, 10, 202, 12)))
    found = blobs(hsv_of(image), CLUTTER[0].colour)
    assert [round(blob.area_px) for blob in found] == [1600, 100]


def test_a_patch_at_the_edge_of_the_picture_says_so() -> None:
    image = table((COLOURS_RGB["bar"], (300, 100, 320, 120)))
    assert blobs(hsv_of(image), CLUTTER[2].colour)[0].touches_edge


def test_ignored_pixels_do_not_count() -> None:
    image = table((COLOURS_RGB["bar"], (100, 100, 120, 120)))
    ignore = np.zeros((240, 320), bool)
    ignore[:, :110] = True
    assert blobs(hsv_of(image), CLUTTER[2].colour, ignore)[0].area_px == pytest.approx(200)


def test_nothing_is_found_in_the_dark() -> None:
    hsv = hsv_of(np.zeros((240, 320, 3), np.uint8))
    assert not [blob for thing in CLUTTER for blob in blobs(hsv, thing.colour)]


def test_hull_area_and_centroid_of_a_square_with_a_dent() -> None:
    dented = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [1.0, 1.5], [0.0, 2.0]])
    hull = convex_hull(dented)
    assert len(hull) == 4
    assert area(hull) == pytest.approx(4.0)
    assert centroid(hull) == pytest.approx([1.0, 1.0])
    assert centroid(np.array([[0.0, 0.0], [2.0, 0.0]])) == pytest.approx([1.0, 0.0])
