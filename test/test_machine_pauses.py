"""A test that fails runs again where the machine stood still, and nowhere else."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine_pauses import ATTEMPTS, PAUSE_S, MachinePauses

pytestmark = pytest.mark.slow
pytest_plugins = ["pytester"]


@pytest.fixture
def pauses() -> Iterator[MachinePauses]:
    made = MachinePauses()
    made.start()
    yield made
    made.close()


def test_a_pause_is_told_once_with_its_length(pauses: MachinePauses) -> None:
    pauses.forget()
    assert pauses._watcher is not None
    pauses._watcher.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE_S + 0.2)
    pauses._watcher.send_signal(signal.SIGCONT)
    assert pauses.longest_s() > PAUSE_S + 0.1
    assert pauses.longest_s() < PAUSE_S


@pytest.mark.parametrize(
    ("pause_s", "holds", "runs"),
    [(0.0, False, 1), (PAUSE_S + 0.5, True, 1), (PAUSE_S + 0.5, False, ATTEMPTS)],
)
def test_only_what_failed_in_a_pause_runs_again(
    pytester: pytest.Pytester, pause_s: float, holds: bool, runs: int
) -> None:
    here = Path(__file__).parent
    pytester.makeconftest((here / "conftest.py").read_text())
    pytester.makeini(f"[pytest]\npythonpath = {here}\nmarkers = slow")
    pytester.makepyfile(f"""
        import os, signal, time, pytest, conftest

        @pytest.mark.slow
        def test_of_something():
            open("runs", "a").write("run\\n")
            watcher = conftest.PAUSES._watcher
            watcher.send_signal(signal.SIGSTOP)
            time.sleep({pause_s})
            watcher.send_signal(signal.SIGCONT)
            assert {holds}
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=int(holds), failed=int(not holds))
    assert len((pytester.path / "runs").read_text().splitlines()) == runs
    assert result.stdout.str().count("this machine stood still") == (runs if runs > 1 else 0)
