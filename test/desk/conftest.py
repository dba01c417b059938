"""A scripted station, its desk, and a browser without a window for the operator's page."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_page import DESKTOP, PHONE, Open
from desk_station import DeskStation, flat
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ros_wam.desk.serve import DeskServer


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The Chromium of the system, which `make test` sees to."""
    found = shutil.which("chromium")
    expect.set_options(timeout=20_000)  # of a machine that has other things to do
    assert found, "chromium is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


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
