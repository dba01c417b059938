"""A browser without a window for the operator's page."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright


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
