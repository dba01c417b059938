"""Emulated ALOHA leaders drive emulated ALOHA followers: every process of `teleop.launch.py`, in real time.

The unmodified `dynamixel_sdk` is on both sides. What is asserted is in the record, by its own stamps; how soon a hold
comes has its bound in `test/test_teleoperation.py`, in virtual time: the one here is for a busy machine.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from stack import Stack, run_stack

from ros_wam import fields
from ros_wam.clock import OFFSET_VARIABLE, StationClock
from ros_wam.record.bag_reader import BagReader
from ros_wam.share import share_dir
from ros_wam.trial.sitting_runner import CLOSING
from ros_wam.types import FloatArray

pytestmark = pytest.mark.slow
JOINT = "left_joint1"
LED = {JOINT: 0.19, "right_joint6": -0.18, "left_gripper": 0.8}
"""No farther than what counts as aligned: a busy machine that keeps a leader waiting finds it aligned again."""
AWAY_RAD = 0.5
BACK_RAD = 0.05
STEP_TIMEOUT_S = 60.0
HELD_S = 1.0
NEAR_RAD = 0.03
TOPICS = (
    "teleop_status",
    "safety_status",
    "enable",
    "teleop_command",
    "operator_command",
    "setpoints",
    "setpoint_provenance",
)
Event = dict[str, Any]


class Person:
    """Lays out, starts, moves the leader's hand, and marks; each as soon as the station is so far. `marks`: when."""

    def __init__(self) -> None:
        self.marks: dict[str, int] = {}
        self._course: Iterator[Callable[[Event], bool]] | None = None
        self._holds: Callable[[Event], bool] = lambda event: True
        self._since_ns = 0

    def __call__(self, stack: Stack, event: Event) -> None:
        if self._course is None:
            self._clock = StationClock(int(stack.run.environment[OFFSET_VARIABLE]))
            self._course = self._do(stack)
            self._holds = next(self._course)
            self._since_ns = self._clock.now_ns()
        assert event["cause"] is None, event
        late_s = (self._clock.now_ns() - self._since_ns) * 1e-9
        assert late_s < STEP_TIMEOUT_S, f"after {', '.join(self.marks) or 'the beginning'}: {event}"
        if self._holds(event):
            self._holds = next(self._course, lambda event: False)
            self._since_ns = self._clock.now_ns()

    def _do(self, stack: Stack) -> Iterator[Callable[[Event], bool]]:
        """Yield what is waited for, time after time."""
        lead = stack.link.lead
        yield lambda event: event["state"] == "resetting" and _said(stack, event, "start")
        yield lambda event: event["state"] == "ready"
        lead({JOINT: AWAY_RAD}, 0.0)
        yield lambda event: event["state"] == "ready" and _said(stack, event, "start")
        yield _phase("aligning")
        yield self._after(1.0)
        lead({JOINT: 0.0}, 1.0)
        yield _phase("following")
        self._mark("led")
        lead(LED, 3.0)
        yield self._after(3.5)
        yield lambda event: _is_there(event) and not event["teleop"]["lag_s"]  # the leader has stood still for a second
        self._mark("arrived")
        lead({JOINT: BACK_RAD}, 6.0)
        yield self._after(1.5)
        self._mark("released")
        lead({JOINT: BACK_RAD}, 3.0, holds=False)
        yield _phase("released")
        yield self._after(2.0 * HELD_S)
        self._mark("gripped")
        lead({JOINT: BACK_RAD}, 0.0)
        yield _phase("following")
        lead({JOINT: LED[JOINT]}, 6.0)
        yield self._after(1.5)
        self._mark("unplugged")
        stack.link.inject("leader_unplugged")
        yield _phase("lost")
        yield self._after(2.0 * HELD_S)
        self._mark("plugged in")
        stack.link.clear()
        yield _phase("following")
        yield _is_there
        self._mark("done")
        yield lambda event: event["state"] == "running" and _said(stack, event, "success")
        yield lambda event: event["state"] == CLOSING and _said(stack, event, "seal")

    def _mark(self, name: str) -> None:
        self.marks[name] = self._clock.now_ns()

    def _after(self, duration_s: float) -> Callable[[Event], bool]:
        until_ns = self._clock.now_ns() + round(duration_s * 1e9)
        return lambda event: self._clock.now_ns() >= until_ns


def _phase(phase: str) -> Callable[[Event], bool]:
    return lambda event: event["state"] == "running" and event["teleop"].get("phase") == phase


def _is_there(event: Event) -> bool:
    return _phase("following")(event) and float(event["teleop"]["lag_rad"]) < NEAR_RAD


def _said(stack: Stack, event: Event, verb: str) -> bool:
    """Say an `operator_command` by the desk; return whether it was taken."""
    assert stack.run.desk is not None
    try:
        return verb in event["can"] and httpx.post(f"{stack.run.desk.url}command", json={"verb": verb}).is_success
    except httpx.TransportError:  # the desk is coming up
        return False


class Recorded:
    """A demonstration's bag: control ticks, statuses and commands, each with its own stamps [ns]."""

    def __init__(self, stack: Stack, person: Person) -> None:
        self.marks = person.marks
        (self.trial,) = stack.results()
        robot = stack.run.config.embodiment()
        self.names, self._arm = robot.joint_names, ~robot.is_gripper
        self.teleop: list[tuple[int, dict[str, str]]] = []
        self.safety: list[tuple[int, dict[str, str]]] = []
        self.disabled_ns: list[int] = []
        self.commands_ns: list[int] = []
        self.verbs: list[str] = []
        ticks, sent, measured = [], [], []
        with BagReader(stack.sitting / self.trial["bag"]) as bag:
            for said in bag.messages(TOPICS):
                message = said.message
                match said.topic:
                    case "teleop_status" | "safety_status":
                        stamp_ns, (status,) = fields.read_diagnostics(message)
                        values = {name: str(value) for name, value in status.values.items()}
                        (self.teleop if said.topic == "teleop_status" else self.safety).append((stamp_ns, values))
                    case "enable":
                        self.disabled_ns += [] if fields.read_enable(message) else [said.stamp_ns]
                    case "teleop_command":
                        self.commands_ns.append(fields.read_teleop_command(message, self.names).stamp_ns)
                    case "operator_command":
                        self.verbs.append(fields.read_json_object(message)["verb"])
                    case "setpoints":
                        setpoints = fields.read_setpoints(message)
                        sent.append(setpoints.sent)
                        measured.append(setpoints.measured)
                    case "setpoint_provenance":
                        ticks.append(fields.read_setpoint_provenance(message).stamp_ns)
        rows = min(sum(map(len, ticks)), sum(map(len, sent)))
        self.stamps_ns = np.concatenate(ticks)[:rows]
        self.sent, self.measured = np.concatenate(sent)[:rows], np.concatenate(measured)[:rows]

    def moved(self, begin_ns: float, end_ns: float) -> float:
        """Return how far the arms were sent between two instants [rad], of which there are ticks."""
        during = self.sent[(self.stamps_ns >= begin_ns) & (self.stamps_ns < end_ns)][:, self._arm]
        assert len(during) > 10
        return float(np.ptp(during, axis=0).max())

    def at(self, stamp_ns: int) -> FloatArray:
        """Return where the robot was measured `(n,)`."""
        return np.asarray(self.measured[np.searchsorted(self.stamps_ns, stamp_ns)])

    def during(self, statuses: list[tuple[int, dict[str, str]]], begin: str, end: str) -> list[dict[str, str]]:
        """Return what was said between two marks."""
        return [values for stamp_ns, values in statuses if self.marks[begin] <= stamp_ns < self.marks[end]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """One demonstration, hold-to-run being the leaders' triggers. One slow camera leaves a busy machine its time."""
    lab, shipped = tmp_path_factory.mktemp("lab"), share_dir()
    shutil.copytree(shipped / "calib" / "aloha", lab / "calib" / "aloha")
    (lab / "robots").mkdir()
    shutil.copy(shipped / "robots" / "aloha.xml", lab / "robots")
    robot, station = lab / "robots/aloha.yaml", lab / "calib/aloha/sim/station.yaml"
    robot.write_text(_with(r"views: .*", "views: [high]", shipped / "robots" / "aloha.yaml"))
    station.write_text(_with(r"rate_hz: [0-9.]+", "rate_hz: 10.0", station))
    person = Person()
    asked = {"robot": str(robot), "task": "stack_bowls", "device": "aloha", "policy": None}
    return Recorded(run_stack(lab / "runs", person, operator=True, **asked), person)


def _with(what: str, instead: str, file: Path) -> str:
    text, times = re.subn(what, instead, file.read_text())
    assert times
    return text


def test_the_demonstration_is_marked_and_judged(recorded: Recorded) -> None:
    assert (recorded.trial["outcome"], recorded.trial["valid"], recorded.trial["policy"]) == ("success", True, "teleop")
    assert recorded.trial["quality"]["verdict"] in ("good", "usable", "bad")
    assert recorded.verbs[-1] == "success"


def test_nothing_moves_before_the_leader_was_where_the_robot_is(recorded: Recorded) -> None:
    first_ns = recorded.commands_ns[0]
    before = [values for stamp_ns, values in recorded.teleop if stamp_ns < first_ns]
    assert f"turn {JOINT} of the leader by -0.50 rad (-29°)" in {values["detail"] for values in before}
    assert recorded.moved(recorded.stamps_ns[0], first_ns) < 1e-9
    assert recorded.moved(first_ns, recorded.stamps_ns[-1]) > 0.15


def test_followers_go_where_the_leaders_are_led_within_the_lag_that_is_told(recorded: Recorded) -> None:
    begin, end = (recorded.at(recorded.marks[name]) for name in ("led", "arrived"))
    wanted = begin.copy()
    for name, position in LED.items():
        wanted[recorded.names.index(name)] = position
    np.testing.assert_allclose(end, wanted, atol=0.05)
    said = recorded.during(recorded.teleop, "led", "arrived")
    lags_s = [float(values["lag_s"]) for values in said if values["lag_s"]]
    assert 0.0 < np.median(lags_s) < 0.5
    assert 0.004 < max(float(values["lag_rad"]) for values in said if values["lag_rad"]) < 0.3


def test_a_trigger_that_is_let_go_holds_while_the_hand_goes_on(recorded: Recorded) -> None:
    released_ns = next(stamp_ns for stamp_ns in recorded.disabled_ns if stamp_ns >= recorded.marks["released"])
    assert recorded.moved(recorded.marks["released"] - 1e9, released_ns) > 1e-3
    assert recorded.moved(released_ns + HELD_S * 1e9, recorded.marks["gripped"]) < 1e-9
    assert abs(recorded.at(recorded.marks["gripped"])[recorded.names.index(JOINT)] - BACK_RAD) > NEAR_RAD
    assert {values["cause"] for values in recorded.during(recorded.safety, "released", "gripped")[-5:]} == {
        "enable_lost"
    }


def test_a_leader_that_is_unplugged_holds_with_its_cause_and_its_port_and_is_found_again(recorded: Recorded) -> None:
    lost_ns = recorded.marks["unplugged"]
    assert recorded.moved(lost_ns - 1e9, lost_ns) > 1e-3
    assert recorded.moved(lost_ns + HELD_S * 1e9, recorded.marks["plugged in"]) < 1e-9
    causes = [values["cause"] for values in recorded.during(recorded.safety, "unplugged", "plugged in")]
    assert "leader_lost" in causes
    (told,) = {values["detail"] for values in recorded.during(recorded.teleop, "unplugged", "plugged in")[-5:]}
    assert "ttyDXL_leader_left" in told
    assert recorded.at(recorded.marks["done"])[recorded.names.index(JOINT)] == pytest.approx(LED[JOINT], abs=0.1)
