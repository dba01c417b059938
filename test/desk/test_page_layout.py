"""Where the buttons of the operator's page lie: under no finger by surprise, and all of them on a phone."""

import pytest
from desk_page import DESKTOP, PHONE, Open, button
from desk_station import DeskStation, flat
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_no_button_comes_under_a_finger_that_has_just_pressed_another(
    station: DeskStation, open_page: Open, size: dict[str, int]
) -> None:
    station.references.capture(3, {"global": flat(200)})
    states = {
        "resetting": (["start", "stop"], "Lay the scene out"),
        "homing": (["stop"], "The robot moves home: keep clear"),
        "running": (["stop", "success"], "The policy drives"),
        "marking": (["seal", "success"], "Score the trial, then seal it"),
    }
    page = open_page(size)
    places = []
    for state, (can, headline) in states.items():
        station.tell(state=state, can=can, detail="waited for" if state == "running" else None)
        expect(page.locator("#headline")).to_have_text(headline)
        places.append([button(page, verb).bounding_box() for verb in ("start", "stop", "success", "failure")])
    assert all(place == places[0] for place in places)


@pytest.mark.parametrize("kind", ["trials", "demonstrations"])
@pytest.mark.parametrize("state", ["resetting", "running", "marking"])
def test_it_fits_a_phone(station: DeskStation, open_page: Open, kind: str, state: str) -> None:
    station.references.capture(3, {"global": flat(200)})
    station.tell(kind=kind, state=state, prompt="insert " + "the three flowers on the table into the vase " * 3)
    station.tell(teleop={"phase": "following", "detail": "", "lag_rad": "0.1"}, comment="x" * 300, takeovers=3)
    page = open_page(PHONE)
    expect(page.locator("#main .frame")).to_have_class("frame has")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for verb in ("start", "stop", "success", "failure"):
        box = button(page, verb).bounding_box()
        assert box is not None and box["height"] >= 44 and box["width"] >= 60  # a thumb's
        assert box["y"] + box["height"] <= PHONE["height"] and box["x"] + box["width"] <= PHONE["width"]
