"""The control process: the one that holds the gate and the driver. A child of `robot_node`, without ROS.

It ignores SIGINT and SIGTERM; when its supervisor is gone it holds, stops the robot by the vendor's means and ends
within a second. The kernel ends it should the vendor library hang with nobody left to see it.
"""

import argparse
import faulthandler
import logging
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ros_wam import alive
from ros_wam.causes import Cause
from ros_wam.clock import Clock, StationClock
from ros_wam.drivers import driver_module
from ros_wam.drivers.driver import Driver
from ros_wam.errors import DriverError, DriverSpent
from ros_wam.motion.announced import AnnouncedDriver
from ros_wam.motion.link import Link
from ros_wam.motion.loop import ControlLoop, build_control_loop
from ros_wam.motion.pace import Pace
from ros_wam.motion.realtime import keep_memory, take_priority
from ros_wam.motion.rehearsal import rehearse
from ros_wam.motion.report import waiting_status
from ros_wam.motion.service import SPENT_STATUS, ControlService
from ros_wam.run_config import RunConfig, load_run_config
from ros_wam.types import Mode

NAME = "control_process"
CONNECT_RETRY_NS = 500_000_000
WAITING_STATUS_NS = 100_000_000
WAITING_PATIENCE_S = 0.5
END_TIMEOUT_S = 1.0
HANG_TIMEOUT_S = 3.0
"""For a hang that no supervisor sees; longer than the machine may pause for."""
STOPPING_NS = 500_000_000


def run(config: RunConfig, link: Link, clock: Clock) -> NoReturn:
    """Connect, then tick until the supervisor is gone, and end the process; raises ConfigError and DriverSpent."""
    embodiment = config.embodiment()
    opened = driver_module(embodiment.driver).open_driver(embodiment, config.station().robot, clock)

    def announce(seconds: float) -> None:
        link.send("busy", seconds)
        if not link.closed:  # the time to end in is not extended
            _end_after(seconds + HANG_TIMEOUT_S)

    driver = AnnouncedDriver(opened, announce)
    loop = build_control_loop(embodiment, driver, config.station())
    rehearse(embodiment, config.station())
    memory = keep_memory()  # takes longer than the watchdog of a connected robot waits
    _connect(driver, link, clock)
    realtime = f"{take_priority()}, {memory}"
    pace = Pace(clock, embodiment.period_s)
    service = ControlService(loop, link, pace, realtime)
    while not link.closed:
        _end_after(HANG_TIMEOUT_S)
        service.listen()
        pace.wait()
        service.cycle()
    _end_after(END_TIMEOUT_S)
    _stop(loop, pace, clock)
    driver.close()
    os._exit(0)  # at once, and before the driver goes: unloading a vendor library takes long, or hangs


def _end_after(seconds: float) -> None:
    """Have the kernel end this process then, unless this is called again before."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _connect(driver: Driver, link: Link, clock: Clock) -> None:
    detail = "connecting to the robot"
    while not link.closed:
        link.send("status", waiting_status(Cause.NOT_READY, detail))
        try:
            driver.connect()
        except DriverError as error:
            detail = str(error)
        else:
            return
        _wait(link, clock, detail)


def _wait(link: Link, clock: Clock, detail: str) -> None:
    """Keep the supervisor informed until the next attempt."""
    retry_ns = clock.now_ns() + CONNECT_RETRY_NS
    while clock.now_ns() < retry_ns and not link.closed:
        for kind, content in link.receive():
            if kind == "request":
                link.send("answer", [content[0], False, detail])
        link.send("status", waiting_status(Cause.DRIVER_LOST, detail))
        link.send("busy", WAITING_PATIENCE_S)  # last: whatever else is said ends the patience
        clock.sleep_until_ns(clock.now_ns() + WAITING_STATUS_NS)


def _stop(loop: ControlLoop, pace: Pace, clock: Clock) -> None:
    """Bring the robot to rest, and let the driver do what it does on `close`."""
    until_ns = clock.now_ns() + STOPPING_NS
    loop.disable()
    loop.set_mode(Mode.HOLD, until_ns)
    while clock.now_ns() < until_ns:
        pace.wait()
        loop.tick(pace.begin(), pace.owed_ns)
        if loop.at_rest:
            return


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the control process; a library's crash is seen and told by the supervisor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--fd", required=True, type=int)
    arguments = parser.parse_args(argv)
    faulthandler.enable()  # a library's crash leaves the line of Python that called it
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    config = load_run_config(Path(arguments.config))
    alive.hold(config.run_dir, NAME)
    link = Link(socket.socket(fileno=arguments.fd))
    try:
        run(config, link, StationClock())
    except DriverSpent as error:
        logging.error("%s", error)
        alive.release(config.run_dir, NAME)
        os._exit(SPENT_STATUS)


if __name__ == "__main__":
    main()
