"""A robot from a folder of its own: the walk-through's listings are the robot that is added here."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import FakePolicy, metadata_for
from loopback import own_address

from ros_wam.bringup import bringup, clear
from ros_wam.clock import FakeClock, StationClock
from ros_wam.doctor.limits_check import limits_check
from ros_wam.drivers import driver_module
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ConfigError, DriverError, SimError
from ros_wam.policy.server import PolicyServer
from ros_wam.record.bag_reader import BagReader
from ros_wam.request import Request
from ros_wam.run_config import load_run_config
from ros_wam.sim.emulators import emulated_faults
from ros_wam.sim.lockstep import run_sitting
from ros_wam.trial.bag_trace import read_trace

ROOT = Path(__file__).resolve().parents[1]
LISTING = re.compile(r"^`(\S+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GOAL = np.array([0.0, -0.4, 0.8, 0.0])
STATE = b'{"position_deg": [0, 0, 0], "velocity_deg_s": [0, 0, 0], "jaw_mm": 60, "firmware": "1.2"}'


class Controller(FakeClock):
    """Whoever sleeps is answered with a state; it can be made to say anything."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._peer: Any = None

    def __enter__(self) -> "Controller":
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def sleep_until_ns(self, deadline_ns: int) -> None:
        super().sleep_until_ns(deadline_ns)
        _, self._peer = self._socket.recvfrom(4096)
        self.say(STATE)

    def say(self, data: bytes) -> None:
        self._socket.sendto(data, self._peer)


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """The folder that the walk-through fills, with the task file that it ends with."""
    for name, text in LISTING.findall((ROOT / "docs/adding_a_robot.md").read_text()):
        file = tmp_path / "my_lab" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    task = (ROOT / "config/tasks/turn_on_light_switch.yaml").read_text()
    task = re.sub(r"^robots:.*", "robots: [acme]", task, flags=re.MULTILINE)
    (tmp_path / "my_lab/light_switch.yaml").write_text(re.sub(r"time_limit_s: .*", "time_limit_s: 3.0", task))
    return tmp_path / "my_lab"


@pytest.fixture
def acme(lab: Path) -> Embodiment:
    return load_embodiment(lab / "robots/acme.yaml")


def test_the_walk_through_lists_all_that_it_says(lab: Path) -> None:
    files = {str(file.relative_to(lab)) for file in lab.rglob("*") if file.is_file()} - {"light_switch.yaml"}
    calibration = {"calib/acme/sim/station.yaml", "calib/acme/sim/global.yaml"}
    robot = {"robots/acme.yaml", "robots/acme.xml", "robots/acme.py", "config/vendor_limits.yaml"}
    assert files == {*robot, "test_acme.py", *calibration}


def test_the_doctor_knows_its_makers_limits(lab: Path, acme: Embodiment) -> None:
    robot = lab / "robots/acme.yaml"
    check = limits_check(acme, robot)
    assert (check.ok, check.value) == (True, "of 4 joints, none wider")
    robot.write_text(robot.read_text().replace("velocity_rad_s: 1.5", "velocity_rad_s: 3.5"))
    assert limits_check(load_embodiment(robot), robot).value.startswith("joint1 velocity_rad_s 3.5 is wider")


@pytest.mark.parametrize(
    "said",
    [
        b"\xff garbage",
        b"{}",
        b"[1, 2]",
        b"",
        b'{"position_deg": [1, 2], "velocity_deg_s": [0, 0], "jaw_mm": 1, "firmware": "1"}',
        b'{"position_deg": [1, 2, NaN], "velocity_deg_s": [0, 0, 0], "jaw_mm": 1, "firmware": "1"}',
        b'{"position_deg": "far", "velocity_deg_s": [0, 0, 0], "jaw_mm": 1, "firmware": "1"}',
    ],
)
def test_its_driver_tells_what_no_controller_should_say(acme: Embodiment, said: bytes) -> None:
    address, module = own_address(), driver_module(acme.driver)
    with Controller(address, module.PORT) as controller:  # type: ignore[attr-defined]
        driver = module.open_driver(acme, {"address": address}, controller)
        driver.connect()
        controller.say(said)
        with pytest.raises(DriverError, match="says what is no state"):
            driver.read()
        controller.say(STATE)
        np.testing.assert_allclose(driver.read().position, [0.0, 0.0, 0.0, 1.0])
        driver.close()


def test_its_driver_tells_of_an_address_that_is_none(acme: Embodiment) -> None:
    module = driver_module(acme.driver)
    with pytest.raises(DriverError, match=r"no link to 127\.0\.0\.300:4711"):
        module.open_driver(acme, {"address": "127.0.0.300"}, StationClock()).connect()
    with pytest.raises(DriverError, match=r"no link to 127\.0\.0\.300:4711"):
        module.last_resort_stop({"address": "127.0.0.300"})


def test_a_driver_file_is_found_beside_the_robots_wherever_one_stands(lab: Path, acme: Embodiment) -> None:
    assert acme.driver == str(lab / "robots/acme.py")
    driver = driver_module(acme.driver)
    assert driver is driver_module(acme.driver)
    driver.open_driver(acme, {"address": "127.0.0.1"}, StationClock())
    with pytest.raises(ConfigError, match="unknown key port; valid keys: address"):
        driver.open_driver(acme, {"address": "127.0.0.1", "port": 5}, StationClock())


def test_a_driver_that_does_not_exist_is_told_with_both_ways(lab: Path) -> None:
    with pytest.raises(ConfigError, match=r"'acme' is not known; known drivers: ur5, .*\.py file beside the robot's"):
        driver_module("acme")
    with pytest.raises(ConfigError, match=r"nobody\.py: no such file; .* one of: ur5, "):
        driver_module(str(lab / "robots/nobody.py"))


def test_a_driver_file_that_lacks_something_is_told(lab: Path) -> None:
    (lab / "robots/half.py").write_text("def open_driver(): ...\n")
    with pytest.raises(ConfigError, match=r"half\.py: defines no last_resort_stop; a driver file must offer: open"):
        driver_module(str(lab / "robots/half.py"))


def test_its_emulator_is_offered_by_the_driver_file(lab: Path, acme: Embodiment) -> None:
    assert emulated_faults(acme) == ("silent",)
    (lab / "robots/bare.py").write_text("def open_driver(): ...\ndef last_resort_stop(): ...\n")
    with pytest.raises(SimError, match=r"bare\.py offers no make_emulator: .* lockstep only"):
        emulated_faults(replace(acme, driver=str(lab / "robots/bare.py")))


def test_the_whole_line_is_brought_up_with_it(lab: Path) -> None:
    run = bringup(Request(robot=str(lab / "robots/acme.yaml"), sim=True, task=str(lab / "light_switch.yaml")), ["sim"])
    config = load_run_config(run.config_file)
    clear(run)
    assert config.embodiment().name == "acme"
    assert config.calibration == lab / "calib/acme/sim"
    assert config.station().robot["address"].startswith("127.0.61.")


def test_a_task_of_the_package_does_not_suit_it(lab: Path) -> None:
    with pytest.raises(ConfigError, match="turn_on_light_switch does not suit acme"):
        bringup(Request(robot=str(lab / "robots/acme.yaml"), sim=True, task="turn_on_light_switch"), ["sim"])


@pytest.mark.slow
@pytest.mark.virtual
def test_its_driver_passes_the_conformance_suite(lab: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "test_acme.py",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "test")))}
    ended = subprocess.run(command, cwd=lab, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"\d\d passed", ended.stdout), ended.stdout


@pytest.mark.slow
@pytest.mark.virtual
def test_a_lockstep_trial_runs_with_it(lab: Path, acme: Embodiment, tmp_path: Path) -> None:
    policy = FakePolicy(metadata_for(acme))
    policy.answer = _towards_the_goal
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        profile = (ROOT / "config/policies/baseline.yaml").read_text().replace("serve: [baseline]\n", "")
        (lab / "my_policy.yaml").write_text(re.sub(r"url: .*", f"url: {server.url}", profile))
        request = Request(
            robot=str(lab / "robots/acme.yaml"),
            policy=str(lab / "my_policy.yaml"),
            task=str(lab / "light_switch.yaml"),
            sim=True,
            record_dir=tmp_path / "runs",
        )
        sitting = run_sitting(request, lambda line: None)
    (trial,) = json.loads((sitting / "results.json").read_text())["trials"]
    assert (trial["robot"], trial["valid"], trial["cause"]) == ("acme", True, None)
    assert (sitting / "trials/001/config/robots/acme.py").read_text() == (lab / "robots/acme.py").read_text()
    trace = read_trace(sitting / trial["bag"])
    np.testing.assert_allclose(trace.measured[-1], GOAL, atol=0.02)
    with BagReader(sitting / trial["bag"]) as bag:
        assert bag.counts["global/image/compressed"] > 0


def _towards_the_goal(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Half of the joints' speed limit, from where the robot is; the gripper closes."""
    now = np.append(request["observation/joint_position"], request["observation/gripper_position"])
    step = 0.75 * np.arange(30)[:, np.newaxis] / 30.0
    return {"actions": now + np.clip(GOAL - now, -step, step)}
