"""What the operator's page tells of the trial, the robot and the connection; everyone sees the same."""

from typing import Any

import pytest
from desk_page import PHONE, Open, button
from desk_station import MS, DeskStation
from playwright.sync_api import expect

from ros_wam.desk.serve import DeskServer

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


def test_a_second_browser_sees_the_same(station: DeskStation, open_page: Open) -> None:
    pages = open_page(), open_page(PHONE)
    pages[0].locator("#stages .mark").first.click()
    station.tell(elapsed_s=45.0, takeovers=2)
    for page in pages:
        expect(page.locator("#stages li").first).to_have_class("done")
        expect(page.locator("#points")).to_have_text("4")
        expect(page.locator("#left")).to_have_text("0:15")
        expect(page.locator("#takeovers")).to_have_text("2 takeovers")
        expect(page.locator("#episode")).to_have_text("Trial 3 of 10")
    button(pages[1], "stop").click()
    station.tell(state="stopping", can=[])
    for page in pages:
        expect(page.locator("#headline")).to_have_text("Stopping the robot")
        expect(button(page, "stop")).to_be_disabled()


def test_without_a_device_nothing_is_taken_over(station: DeskStation, open_page: Open) -> None:
    station.tell(teleop={}, can=["stop"])
    page = open_page()
    expect(page.locator("#takeover")).to_be_hidden()
    expect(page.locator("#teleop")).to_be_hidden()
    station.tell(teleop={"phase": "elsewhere"})
    expect(page.locator("#takeover")).to_be_visible()


def test_a_fault_is_red_with_its_cause(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    station.state.safety(
        {"mode": "FAULT", "cause": "protective_stop", "detail": "joint 4: 61 N m"}, station.clock.now_ns()
    )
    expect(page.locator("#headline")).to_have_text("FAULT: protective stop")
    expect(page.locator("#detail")).to_have_text("joint 4: 61 N m")
    expect(page.locator("#banner")).to_have_css("background-color", "rgb(201, 48, 44)")
    expect(page.locator("#mode")).to_have_text("FAULT")


def test_a_trial_that_says_nothing_is_told(station: DeskStation, open_page: Open) -> None:
    page = open_page()
    station.clock.advance_ns(5000 * MS)
    expect(page.locator("#headline")).to_have_text("The trial has said nothing for 5 s")
    assert page.locator("button[data-verb]:enabled").count() == 0
    station.tell()
    expect(page.locator("#headline")).to_have_text("The policy drives")


def test_a_lost_connection_is_told_at_once_and_comes_back(station: DeskStation, open_page: Open, server: Any) -> None:
    page = open_page()
    expect(button(page, "stop")).to_be_enabled()
    server.close()
    expect(page.locator("#headline")).to_have_text("Connection to the desk lost")
    expect(page.locator("#link")).to_have_text("no connection")
    assert page.locator("button[data-verb]:enabled").count() == 0
    again = DeskServer(station.desk, "127.0.0.1", server.port, None)
    try:
        expect(page.locator("#link")).to_have_text("connected")
        expect(button(page, "stop")).to_be_enabled()
    finally:
        again.close()


def test_the_end_of_a_sitting_is_no_fault(station: DeskStation, open_page: Open, server: Any) -> None:
    station.tell(state="scored", outcome="success", index=10, can=[])
    page = open_page()
    expect(page.locator("#headline")).to_have_text("Trial 003 is sealed: success")
    station.clock.advance_ns(5000 * MS)
    expect(page.locator("#headline")).to_have_text("The sitting is over")
    server.close()
    expect(page.locator("#link")).to_have_text("no connection")
    expect(page.locator("#headline")).to_have_text("The sitting is over")


def test_the_last_demonstration_may_be_made_again_before_the_end(station: DeskStation, open_page: Open) -> None:
    can = ["start", "stop", "seal", "discard", "rerecord"]
    station.tell(kind="demonstrations", state="closing", outcome="success", index=10, can=can)
    page = open_page()
    expect(page.locator("#headline")).to_have_text("All demonstrations are recorded")
    expect(page.locator("#sealing")).to_have_text("End the sitting")
    expect(page.locator("#redoing")).to_have_text("Redo last")
    station.clock.advance_ns(5000 * MS)
    expect(page.locator("#headline")).to_have_text("The sitting is over")


def test_what_a_demonstration_lacks_is_told(station: DeskStation, open_page: Open) -> None:
    skewed = {"check": "view_skew", "severity": "bad", "detail": "wrist/image/compressed 61 ms behind"}
    station.tell(
        kind="demonstrations", quality=[skewed], teleop={"phase": "following", "lag_rad": "0.031", "lag_s": ""}
    )
    page = open_page()
    expect(page.locator("#findings li")).to_have_text("view skew: wrist 61 ms behind")
    expect(page.locator("#phase")).to_have_text("following")
    expect(page.locator("#lag")).to_have_text("lag 0.03 rad")
    expect(page.locator("#episode")).to_have_text("Demonstration 3 of 10")
    last = {"trial_id": "002", "outcome": "success", "quality": {"verdict": "good", "findings": []}}
    station.tell(quality=[], state="resetting", last=last)
    expect(page.locator("#whose")).to_have_text("Quality of demonstration 002: good")
    expect(button(page, "discard")).to_contain_text("Drop last")
    expect(page.locator("#findings li")).to_have_text("nothing wrong so far")
