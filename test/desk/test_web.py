"""The desk over HTTP, asked as a browser asks, and as a page that has no business here asks."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk_station import DeskStation, flat

from ros_wam.desk.web import DeskWeb
from ros_wam.errors import TrialError

HERE = "http://127.0.0.1:8600"
TOKEN = "a-token-of-the-lab"


class Browser:
    """Asks the application, with no server between."""

    def __init__(self, station: DeskStation, *, loopback: bool = True, token: str | None = None) -> None:
        self._app = DeskWeb(station.desk).application(loopback=loopback, token=token)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, options.pop("base", HERE) + path, options))

    async def _ask(self, method: str, url: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, cookies=self.cookies) as client:
            answer = await client.request(method, url, **options)
        self.cookies |= dict(answer.cookies)
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def command(self, command: Any, **options: Any) -> httpx.Response:
        return self.ask("POST", "/command", json=command, **options)


@pytest.fixture
def station(tmp_path: Path) -> DeskStation:
    station = DeskStation(tmp_path)
    station.tell()
    return station


def test_the_page_brings_all_its_parts_and_allows_no_others(station: DeskStation) -> None:
    browser = Browser(station)
    page = browser.get("/")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "http" not in page.text.replace("<!doctype", "")
    scripts = re.findall(r'<script src="(.*?)" defer></script>', page.text)
    assert scripts == ["/state.js", "/views.js", "/score.js", "/desk.js"], "each uses what those before it define"
    for part, kind in (("/desk.css", "text/css"), *((script, "text/javascript") for script in scripts)):
        assert f'"{part}"' in page.text
        answer = browser.get(part)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        assert "://" not in answer.text


def test_the_state_is_what_the_desk_knows(station: DeskStation) -> None:
    answer = Browser(station).get("/state")
    assert answer.json() == station.desk.snapshot()
    assert answer.headers["cache-control"] == "no-store"


def test_a_picture_is_sent_once(station: DeskStation) -> None:
    browser = Browser(station)
    assert browser.get("/view/global.jpg").status_code == 404
    station.see(**{"global": flat(9)})
    answer = browser.get("/view/global.jpg")
    assert answer.content == flat(9) and answer.headers["content-type"] == "image/jpeg"
    assert browser.get(f"/view/global.jpg?after={answer.headers['x-stamp-ns']}").status_code == 204
    assert browser.get("/view/nowhere.mjpeg").status_code == 404


def test_the_reference_is_that_of_the_scene(station: DeskStation) -> None:
    browser = Browser(station)
    assert browser.get("/reference/global.jpg").status_code == 404
    station.references.capture(3, {"global": flat(77)})
    assert browser.get("/reference/global.jpg").content == flat(77)
    assert browser.get("/reference/..%2Fglobal.jpg").status_code == 404


def test_a_command_reaches_the_trial(station: DeskStation) -> None:
    answer = Browser(station).command({"verb": "stage", "name": "cup grasped", "achieved": True})
    assert answer.status_code == 204
    assert station.commands == [{"verb": "stage", "name": "cup grasped", "achieved": True}]


def test_a_refusal_says_why(station: DeskStation) -> None:
    station.refusal = "no trial runs"
    answer = Browser(station).command({"verb": "stop"})
    assert (answer.status_code, answer.text) == (409, "no trial runs")


def test_silence_is_told_as_silence(station: DeskStation, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_: Any) -> None:
        raise TrialError("the trial did not answer")

    monkeypatch.setattr(station.desk, "_ask", silent)
    assert Browser(station).command({"verb": "stop"}).status_code == 504


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[1]", 400), (b'{"verb": "home"}', 400), (b"\xff", 400), (b"[" * 9000, 400), (b" " * 20_000, 413)],
)
def test_what_is_no_command_does_not_reach_it(station: DeskStation, body: bytes, status: int) -> None:
    assert Browser(station).ask("POST", "/command", content=body).status_code == status
    assert station.commands == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://127.0.0.1:9000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_page_may_not_ask(station: DeskStation, headers: dict[str, str]) -> None:
    assert Browser(station).command({"verb": "start"}, headers=headers).status_code == 403
    assert station.commands == []


def test_its_own_page_may_ask(station: DeskStation) -> None:
    headers = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert Browser(station).command({"verb": "start"}, headers=headers).status_code == 204


@pytest.mark.parametrize("base", ["http://evil.example", "http://evil.example:8600", "http://192.168.1.4:8600"])
def test_a_name_that_was_made_to_point_here_is_not_known(station: DeskStation, base: str) -> None:
    browser = Browser(station)
    assert browser.get("/state", base=base).status_code == 421
    assert browser.command({"verb": "stop"}, base=base).status_code == 421
    assert station.commands == []


@pytest.mark.parametrize("base", ["http://localhost:8600", "http://[::1]:8600", "http://127.0.0.1"])
def test_its_own_names_are_known(station: DeskStation, base: str) -> None:
    assert Browser(station).get("/state", base=base).status_code == 200


@pytest.mark.parametrize("path", ["/", "/desk.js", "/state", "/events", "/view/global.jpg", "/reference/global.jpg"])
def test_without_the_token_nothing_is_told(station: DeskStation, path: str) -> None:
    station.see(**{"global": flat(9)})
    browser = Browser(station, loopback=False, token=TOKEN)
    for asked in (path, f"{path}?token=another", f"{path}?token="):
        assert browser.get(asked, base="http://lab:8600").status_code == 401
    headers = {"authorization": f"Bearer {TOKEN}x", "cookie": f"ros_wam_desk_8600={b'x'.hex()}"}
    assert browser.get(path, base="http://lab:8600", headers=headers).status_code == 401


def test_without_the_token_nothing_is_done(station: DeskStation) -> None:
    browser = Browser(station, token=TOKEN)
    assert browser.command({"verb": "stop"}).status_code == 401
    assert browser.ask("POST", f"/command?token={TOKEN}", json={"verb": "stop"}).status_code == 401
    assert station.commands == []


def test_the_token_becomes_a_cookie_that_no_script_can_read(station: DeskStation) -> None:
    browser = Browser(station, loopback=False, token=TOKEN)
    answer = browser.get(f"/?token={TOKEN}")
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and TOKEN not in cookie
    assert browser.get("/").status_code == 200
    assert browser.command({"verb": "stop"}).status_code == 204


def test_a_program_shows_the_token_in_a_header(station: DeskStation) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert Browser(station, token=TOKEN).command({"verb": "stop"}, headers=headers).status_code == 204


def test_desks_on_two_ports_of_a_host_know_their_own_cookies(station: DeskStation) -> None:
    browser = Browser(station, loopback=False, token=TOKEN)
    browser.get(f"/?token={TOKEN}", base="http://lab:8600")
    other = Browser(station, loopback=False, token="another-token")
    other.cookies = browser.cookies
    other.get("/?token=another-token", base="http://lab:8601")
    assert other.get("/", base="http://lab:8601").status_code == 200
    assert browser.get("/", base="http://lab:8600").status_code == 200
