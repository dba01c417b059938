"""A limit for sending: what takes too long is cut, what does not is left alone, however often."""

import threading
from contextlib import closing

import pytest

from ros_wam.policy.transports import send_watch
from ros_wam.policy.transports.send_watch import SendWatch

LONG_S = 30.0


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_watch, "LOOK_S", 0.002)


def test_a_send_that_takes_too_long_is_cut() -> None:
    cut = threading.Event()
    with closing(SendWatch(cut.set)) as watch:
        assert not watch.was_late
        with watch.limited(0.004):
            assert cut.wait(LONG_S)
        assert watch.was_late


def test_sends_in_time_are_left_alone_and_each_has_its_own_limit() -> None:
    cut, pause = threading.Event(), threading.Event()
    with closing(SendWatch(cut.set)) as watch:
        for _ in range(20):
            with watch.limited(LONG_S):
                pause.wait(0.001)
        pause.wait(0.05)  # nothing is sent: nothing can be late
        assert not cut.is_set() and not watch.was_late
        with watch.limited(0.004):
            assert cut.wait(LONG_S)


def test_after_close_no_thread_is_left() -> None:
    before = threading.active_count()
    watch = SendWatch(lambda: None)
    watch.close()
    assert threading.active_count() == before
