"""A process that is told to end ends, also in the middle of a call that does not return."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from ros_wam.process import ends_after_signal, stop_event

PROGRAM = """
import time
from ros_wam.process import ends_after_signal, stop_event
stop = stop_event()
with ends_after_signal(0.01):
    print("begun", flush=True)
    while True:
        time.sleep(60.0)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_whatever_it_does(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            process.send_signal(number)
            assert process.wait(10.0) == 0
        finally:
            process.kill()


def test_what_returns_in_time_goes_on() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = stop_event()
        with ends_after_signal(60.0):
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.wait(5.0)
        assert "ends_after_signal" not in [thread.name for thread in threading.enumerate()]
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
