"""The operator's page in a browser: every button does what it says, and everyone sees the same."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from desk_station import MS, DeskStation, flat
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from ros_wam.desk.serve import DeskServer

pytestmark = pytest.mark.slow

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
TOKEN = "a-token-of-the-lab"
Open = Callable[..., Page]


@pytest.fixture
def station(tmp_path: Path) -> DeskStation:
    station = DeskStation(tmp_path)
    station.see(**{"global": flat(0), "wrist": flat(90)})
    station.tell()
    return station


@pytest.fixture
def server(station: DeskStation) -> Iterator[DeskServer]:
    server = DeskServer(station.desk, "127.0.0.1", 0, None)
    yield server
    server.close()


@pytest.fixture
def open_page(chromium: Browser, server: DeskServer) -> Iterator[Open]:
    """`open_page()` opens the desk as another person does; nothing on it may fail, or come from elsewhere."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []
    home = f"http://127.0.0.1:{server.port}/"

    def open_it(size: dict[str, int] = DESKTOP) -> Page:
        contexts.append(chromium.new_context(viewport=size, has_touch=size is PHONE, is_mobile=size is PHONE))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.on(
            "request", lambda asked: None if asked.url.startswith((home, "blob:", "data:")) else wrong.append(asked.url)
        )
        page.goto(home)
        expect(page.locator("#link")).to_have_text("connected")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert wrong == []


def wait_for(station: DeskStation, count: int) -> list[dict[str, Any]]:
    """Return the commands once there are so many."""
    enough = threading.Event()
    for _ in range(200):
        if len(station.commands) >= count:
            break
        enough.wait(0.05)
    return station.commands


def button(page: Page, verb: str) -> Locator:
    return page.locator(f'button[data-verb="{verb}"]')


@pytest.mark.parametrize(
    ("kind", "verb"),
    [
        *(("trials", verb) for verb in ("start", "stop", "success", "failure", "take_over", "seal")),
        *(("demonstrations", verb) for verb in ("start", "stop", "success", "failure", "discard", "rerecord", "seal")),
    ],
)
def test_each_button_asks_for_what_it_says(station: DeskStation, open_page: Open, kind: str, verb: str) -> None:
    station.tell(kind=kind, can=[verb])
    page = open_page()
    button(page, verb).click()
    assert wait_for(station, 1) == [{"verb": verb}]
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


@pytest.mark.parametrize(
    ("keys", "command"),
    [
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
    ],
)
def test_keys_ask_for_the_same(station: DeskStation, open_page: Open, keys: list[str], command: dict[str, Any]) -> None:
    station.tell(can=[command["verb"]])
    page = open_page()
    for key in keys:
        page.keyboard.press(key)
    assert wait_for(station, 1) == [command]


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


def test_the_token_is_asked_for(station: DeskStation, chromium: Browser) -> None:
    server = DeskServer(station.desk, "127.0.0.1", 0, TOKEN)
    home = f"http://127.0.0.1:{server.port}/"
    context = chromium.new_context()
    try:
        page = context.new_page()
        answer = page.goto(home)
        assert answer is not None and answer.status == 401
        page.goto(f"{home}?token={TOKEN}")
        assert page.url == home
        expect(page.locator("#link")).to_have_text("connected")
        button(page, "stop").click()
        assert wait_for(station, 1) == [{"verb": "stop"}]
        assert page.evaluate("document.cookie") == ""
    finally:
        context.close()
        server.close()


def test_a_page_from_elsewhere_can_neither_read_nor_ask(station: DeskStation, chromium: Browser, server: Any) -> None:
    station.tell(can=["start"])
    elsewhere = DeskServer(DeskStation(station.sitting.parent / "other").desk, "127.0.0.1", 0, None)
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<p>evil</p>", content_type="text/html"), times=1)
        page.goto(f"http://localhost:{elsewhere.port}/")
        outcome = page.evaluate(
            """async home => {
              const ask = options => fetch(home + 'command', {method: 'POST', body: '{"verb": "start"}', ...options})
                .then(answer => answer.type + answer.status, () => 'refused');
              return [await ask({mode: 'no-cors'}), await ask({headers: {'Content-Type': 'application/json'}}),
                await fetch(home + 'state').then(() => 'read', () => 'refused')];
            }""",
            f"http://127.0.0.1:{server.port}/",
        )
        assert outcome == ["refused"] * 3 and station.commands == []
    finally:
        context.close()
        elsewhere.close()
