"""What is typed on the operator's page: keys ask for what the buttons do, and a comment keeps its letters."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from desk_page import Open, button, wait_for
from desk_station import DeskStation
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


def test_a_comment_is_sent_when_it_is_left(station: DeskStation, open_page: Open) -> None:
    page, other = open_page(), open_page()
    page.locator("#comment").fill("slipped <b>twice</b>")
    page.locator("#comment").blur()
    expect(other.locator("#comment")).to_have_value("slipped <b>twice</b>")
    expect(page.locator("#saved")).to_have_text("sent")
    assert {"verb": "comment", "text": "slipped <b>twice</b>"} in station.commands


@pytest.mark.parametrize(
    ("kind", "verb", "keys"),
    [
        ("trials", "seal", ()),
        ("trials", "seal", ("Enter", "Enter")),
        ("demonstrations", "success", ()),
        ("demonstrations", "failure", ("Enter", "n")),
    ],
)
def test_what_is_typed_goes_before_what_seals_it(
    station: DeskStation, open_page: Open, monkeypatch: pytest.MonkeyPatch, kind: str, verb: str, keys: tuple[str, ...]
) -> None:
    station.tell(kind=kind, can=["comment", verb])
    ask, sealed = station.ask, threading.Event()

    def slow(command: Mapping[str, Any]) -> str | None:
        if command["verb"] == "comment":
            sealed.wait(0.5)  # would a seal overtake it?
        else:
            sealed.set()
        return ask(command)

    monkeypatch.setattr(station.desk, "_ask", slow)
    page = open_page()
    page.locator("#comment").fill("slipped")
    for key in keys:
        page.keyboard.press(key)
    if not keys:
        button(page, verb).click()
    assert wait_for(station, 2) == [{"verb": "comment", "text": "slipped"}, {"verb": verb}]


def test_what_is_being_typed_is_not_typed_over(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    station.refusal = "not now"
    page.locator("#comment").fill("mine")
    station.tell(comment="another's", detail="seen")
    expect(page.locator("#detail")).to_have_text("seen")
    expect(page.locator("#comment")).to_have_value("mine")
    expect(page.locator("#saved")).to_have_text("not sent yet")


KEYS: list[tuple[list[str], dict[str, Any]]] = [
    (["Enter"], {"verb": "seal"}),
    (["Escape"], {"verb": "stop"}),
    (["y"], {"verb": "success"}),
    (["n"], {"verb": "failure"}),
    (["t"], {"verb": "take_over"}),
    (["g"], {"verb": "hand_back"}),
    (["x"], {"verb": "discard"}),
    (["b"], {"verb": "rerecord"}),
    (["2"], {"verb": "stage", "name": "cup above the coaster", "achieved": True}),
    (["r", "3"], {"verb": "retry", "name": "cup on the coaster", "change": 1}),
    (["u", "3"], {"verb": "retry", "name": "cup on the coaster", "change": -1}),
    (["f", "4"], {"verb": "failure_class", "name": "timeout"}),
]


def test_keys_ask_for_the_same(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    for number, (keys, command) in enumerate(KEYS):
        station.tell(can=[command["verb"]], prompt=f"prompt {number}")
        expect(page.get_by_role("heading", level=1)).to_have_text(f"prompt {number}")
        for key in keys:
            page.keyboard.press(key)
        assert wait_for(station, number + 1)[number:] == [command]


def test_enter_does_not_press_again_what_was_clicked(station: DeskStation, open_page: Open) -> None:
    station.tell(state="marking", can=["success", "failure", "seal"])
    page = open_page()
    button(page, "success").click()
    expect(button(page, "success")).to_be_enabled()
    page.keyboard.press("Enter")
    assert wait_for(station, 2) == [{"verb": "success"}, {"verb": "seal"}]


def test_keys_of_a_comment_are_its_letters(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("c")
    page.keyboard.type("yes, by n")
    page.keyboard.press("Enter")
    assert wait_for(station, 1) == [{"verb": "comment", "text": "yes, by n"}]


def test_enter_starts_what_waits_for_its_start(station: DeskStation, open_page: Open) -> None:
    station.tell(state="resetting", can=["start", "stop"])
    page = open_page()
    expect(page.locator("#headline")).to_have_text("Lay the scene out")
    expect(page.locator("#reset li")).to_have_count(2)
    page.keyboard.press("Enter")
    assert wait_for(station, 1) == [{"verb": "start"}]
