"""A fault in every trial of a simulated sitting, told when to begin by the sitting's own progress."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_policy import UR5

from ros_wam.cli.main import main
from ros_wam.errors import ConfigError, SimError
from ros_wam.sim.injection import Injection, check_fault
from ros_wam.sim.link import SimLink

EVAL = ["eval", "--robot", "ur5", "--task", "move_objects_into_box", "--policy", "baseline"]


class FakeLink(SimLink):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__(Path("none"))
        self.asked: list[str] = []
        self.reachable = True

    def inject(self, fault: str, timeout_s: float = 1.0) -> None:
        if not self.reachable:
            raise SimError("the simulator cannot be reached")
        self.asked.append(fault)

    def clear(self, timeout_s: float = 1.0) -> None:
        self.asked.append("clear")


@pytest.fixture
def link() -> Iterator[FakeLink]:
    return FakeLink()


def see(injection: Injection, *course: tuple[str, float]) -> None:
    for state, elapsed_s in course:
        injection.see(json.dumps({"state": state, "elapsed_s": elapsed_s}))


def test_a_fault_begins_in_every_trial_and_ends_with_it(link: FakeLink) -> None:
    injection = Injection(link, "freeze")
    trial = (("homing", 0.0), ("running", 1.9), ("running", 2.1), ("running", 3.0), ("stopping", 3.2), ("scored", 3.2))
    see(injection, *trial)
    assert link.asked == ["freeze", "clear"]
    see(injection, *trial)
    assert link.asked == ["freeze", "clear"] * 2


def test_what_is_no_progress_and_a_dead_simulator_disturb_nothing(link: FakeLink) -> None:
    injection = Injection(link, "freeze")
    link.reachable = False
    injection.see("a warning")
    see(injection, ("running", 2.5), ("scored", 2.6))
    assert link.asked == ["clear"]


def test_an_unknown_fault_names_those_there_are() -> None:
    check_fault(UR5, "frozen_camera")
    with pytest.raises(ConfigError, match=r"no fault 'meteor'; there are: drop, freeze, frozen_camera, .*refuse"):
        check_fault(UR5, "meteor")


@pytest.mark.parametrize("options", [[], ["--sim", "--lockstep"]], ids=["a real robot", "lockstep"])
def test_faults_need_the_simulated_station_in_real_time(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*EVAL, *options, "--inject", "freeze"]) == 1
    assert "--inject needs --sim, and real time" in capsys.readouterr().err


def test_the_faults_of_a_leader_are_known_where_there_is_one() -> None:
    check_fault(UR5, "leader_unplugged", is_led=True)
    with pytest.raises(ConfigError, match="no fault 'leader_unplugged'; there are: "):
        check_fault(UR5, "leader_unplugged")
