"""Who may open the operator's page, and who may ask through it."""

from typing import Any

import pytest
from desk_page import button, wait_for
from desk_station import DeskStation
from playwright.sync_api import Browser, expect

from ros_wam.desk.serve import DeskServer

pytestmark = [pytest.mark.slow, pytest.mark.virtual]
TOKEN = "a-token-of-the-lab"


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
