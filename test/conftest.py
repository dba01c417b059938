"""The property tests try the same examples every time; `make property` tries others. Pauses of the machine are seen."""

import pytest
from hypothesis import settings
from machine_pauses import MachinePauses

settings.register_profile("same", derandomize=True)
settings.load_profile("same")

PAUSES = MachinePauses()


def in_real_time(item: pytest.Item) -> bool:
    marks = {mark.name for mark in item.iter_markers()}
    return bool(marks & {"ros", "vendor", "slow"}) and "virtual" not in marks


def pytest_collection_finish(session: pytest.Session) -> None:
    chosen = [item for item in session.items if in_real_time(item)]
    if chosen and not session.config.option.collectonly:
        PAUSES.start()
    for item in chosen:
        PAUSES.mark(item)


def pytest_runtest_logstart() -> None:
    PAUSES.forget()


def pytest_sessionfinish() -> None:
    PAUSES.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in PAUSES.told:
        terminalreporter.write_line(line)
