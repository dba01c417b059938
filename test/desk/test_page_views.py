"""The pictures of the operator's page: the scene's reference lies over them, and a late one is marked."""

import cv2
import numpy as np
import pytest
from desk_page import Open, button
from desk_station import MS, DeskStation, flat
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


def shade(page: Page) -> float:
    """Return the mean brightness of the main view as it is on the screen."""
    png = np.frombuffer(page.locator("#main .frame").screenshot(), np.uint8)
    image = cv2.imdecode(png, cv2.IMREAD_GRAYSCALE)
    inside = image[image.shape[0] // 4 : -image.shape[0] // 4, image.shape[1] // 4 : -image.shape[1] // 4]
    return float(inside.mean())


def expect_shade(page: Page, wanted: float) -> None:
    """Wait until the main view has this brightness."""
    for _ in range(100):
        if shade(page) == pytest.approx(wanted, abs=4.0):
            return
        page.wait_for_timeout(50)
    assert shade(page) == pytest.approx(wanted, abs=4.0)


def test_the_reference_lies_over_the_live_view_as_strongly_as_asked(station: DeskStation, open_page: Open) -> None:
    station.references.capture(3, {"global": flat(200)})
    station.tell(state="resetting", can=["start"])
    page = open_page()
    expect(page.locator("#main .frame")).to_have_class("frame has")
    for percent in (0, 25, 50, 100):
        page.locator("#opacity").fill(str(percent))
        expect(page.locator("#percent")).to_have_text(f"{percent} %")
        expect_shade(page, 2.0 * percent)


def test_the_difference_is_black_where_the_scene_is_right(station: DeskStation, open_page: Open) -> None:
    station.references.capture(3, {"global": flat(200)})
    station.tell(state="resetting", can=["start"])
    page = open_page()
    expect(page.locator("#main .frame")).to_have_class("frame has")
    page.get_by_role("radio", name="Difference").click()
    expect_shade(page, 200.0)
    station.clock.advance_ns(33 * MS)
    station.see(**{"global": flat(200)})
    expect_shade(page, 0.0)
    page.get_by_role("radio", name="Flicker").click()
    expect(page.locator("#overlay")).to_have_css("animation-name", "flicker")


def test_the_reference_is_out_of_the_way_while_the_trial_runs(station: DeskStation, open_page: Open) -> None:
    station.references.capture(3, {"global": flat(200)})
    page = open_page()
    expect(page.locator("#overlay")).to_be_hidden()
    expect(page.locator("#laying")).to_be_hidden()


def test_the_scene_of_now_is_kept_as_the_reference(station: DeskStation, open_page: Open) -> None:
    station.tell(state="resetting", can=["start"])
    page = open_page()
    expect(page.locator("#scene")).to_have_text("Scene 3: no reference")
    expect(page.locator("#opacity")).to_be_disabled()
    button(page, "capture_reference").click()
    expect(page.locator("#scene")).to_have_text("Scene 3")
    expect(page.locator("#opacity")).to_be_enabled()
    assert station.desk.reference("global") == flat(0)


def test_another_view_is_made_large(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#mainname")).to_have_text("global")
    page.locator("#thumbs button:visible").click()
    expect(page.locator("#mainname")).to_have_text("wrist")
    expect_shade(page, 90.0)


def test_a_picture_that_is_late_is_marked(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#mainage")).to_have_class("age")
    station.clock.advance_ns(150 * MS)
    station.see(wrist=flat(90))
    expect(page.locator("#mainage")).to_have_class("age late")
    expect(page.locator("#mainage")).to_have_text("age 150 ms")
    expect(page.locator("#skew")).to_have_class("age late")
    expect(page.locator("#thumbs button:visible .age")).to_have_class("age")


def test_a_policy_that_would_be_shown_no_pictures_is_told(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#trouble")).to_be_hidden()
    station.tell(views_trouble="wrist is 230 ms old")
    expect(page.locator("#trouble")).to_have_text("wrist is 230 ms old")
