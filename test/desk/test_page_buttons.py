"""The buttons of the operator's page: each asks for what it says, once, and only what may be done can be pressed."""

import threading

import pytest
from desk_page import Open, button, wait_for
from desk_station import DeskStation
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


@pytest.mark.parametrize(
    ("kind", "verbs"),
    [
        ("trials", ("start", "stop", "success", "failure", "take_over", "seal")),
        ("demonstrations", ("start", "stop", "success", "failure", "discard", "rerecord", "seal")),
    ],
)
def test_each_button_asks_for_what_it_says(
    station: DeskStation, open_page: Open, kind: str, verbs: tuple[str, ...]
) -> None:
    page = open_page()
    for number, verb in enumerate(verbs):
        station.tell(kind=kind, can=[verb])
        button(page, verb).click()
        assert wait_for(station, number + 1)[number:] == [{"verb": verb}]
        expect(page.locator("#refusal")).to_be_hidden()


def test_the_robot_is_taken_over_and_handed_back_by_one_button(station: DeskStation, open_page: Open) -> None:
    station.tell(can=["take_over"])
    page = open_page()
    page.get_by_role("button", name="Take over").click()
    assert wait_for(station, 1) == [{"verb": "take_over"}]
    station.tell(can=["hand_back"], taken_over=True)
    expect(page.locator("#headline")).to_have_text("You have taken over")
    page.get_by_role("button", name="Hand back").click()
    assert wait_for(station, 2)[1] == {"verb": "hand_back"}


def test_stages_and_retries_are_scored_and_seen(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    first, third = page.locator("#stages li").nth(0), page.locator("#stages li").nth(2)
    first.get_by_role("button", name="cup grasped").first.click()
    expect(first).to_have_class("done")
    expect(page.locator("#points")).to_have_text("4")
    first.get_by_label("one retry more").click()
    expect(page.locator("#points")).to_have_text("3.5")
    expect(first.locator(".worth")).to_have_text("3.5 / 4")
    third.locator(".mark").click()
    expect(page.locator("#points")).to_have_text("6.5")
    first.get_by_label("one retry less").click()
    expect(page.locator("#points")).to_have_text("7")
    expect(first.get_by_label("one retry less")).to_be_disabled()  # there is none to take back
    first.locator(".mark").click()
    expect(page.locator("#points")).to_have_text("3")
    expect(page.locator("#maximum")).to_have_text("of 10 points")
    expect(page.locator("#verdict")).to_have_text("not marked")  # success is said apart
    assert wait_for(station, 5) == [
        {"verb": "stage", "name": "cup grasped", "achieved": True},
        {"verb": "retry", "name": "cup grasped", "change": 1},
        {"verb": "stage", "name": "cup on the coaster", "achieved": True},
        {"verb": "retry", "name": "cup grasped", "change": -1},
        {"verb": "stage", "name": "cup grasped", "achieved": False},
    ]


def test_a_failure_is_called_by_its_class_and_the_class_taken_back(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    jitter = page.get_by_role("button", name="jitter")
    jitter.click()
    expect(jitter).to_have_attribute("aria-pressed", "true")
    jitter.click()
    expect(jitter).to_have_attribute("aria-pressed", "false")
    assert station.commands == [{"verb": "failure_class", "name": "jitter"}, {"verb": "failure_class", "name": None}]


def test_only_what_may_be_done_can_be_pressed(station: DeskStation, open_page: Open) -> None:
    station.tell(can=["stop"])
    page = open_page()
    expect(button(page, "stop")).to_be_enabled()
    for verb in ("start", "success", "failure", "seal", "capture_reference"):
        expect(button(page, verb)).to_be_disabled()
    expect(page.locator("#comment")).to_be_disabled()
    assert page.locator("#stages button:enabled, #classes button:enabled").count() == 0
    page.keyboard.press("y")
    page.keyboard.press("Escape")
    assert wait_for(station, 1) == [{"verb": "stop"}]


def test_a_refusal_is_shown_with_why(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    station.refusal = "trial 003 has ended"
    button(page, "success").click()
    expect(page.locator("#refusal")).to_have_text("success: trial 003 has ended")
    station.refusal = None
    button(page, "success").click()
    expect(page.locator("#refusal")).to_be_hidden()


def test_pressing_twice_asks_once(station: DeskStation, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    ask = station.ask
    monkeypatch.setattr(station.desk, "_ask", lambda command: let_go.wait(10.0) and ask(command))
    page = open_page()
    page.evaluate(
        """() => { const b = document.querySelector('[data-verb=success]'); b.click(); b.click(); b.click(); }"""
    )
    expect(button(page, "success")).to_be_disabled()
    expect(button(page, "stop")).to_be_enabled()  # nothing else waits for it
    page.keyboard.press("y")
    let_go.set()
    expect(button(page, "success")).to_be_enabled()
    assert station.commands == [{"verb": "success"}]
