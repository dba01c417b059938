"""What the tests of the operator's page share: screens, its buttons, and what they asked for."""

import threading
from collections.abc import Callable
from typing import Any

from desk_station import DeskStation
from playwright.sync_api import Locator, Page

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Open = Callable[..., Page]


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
