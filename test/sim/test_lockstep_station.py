"""The station under a virtual clock: what goes wrong is told, once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import BASELINE, UR5
from sim_run import tidying_run

from ros_wam.causes import Cause
from ros_wam.errors import PolicyTimeout
from ros_wam.policy.speed import RAMP_NS
from ros_wam.sim.lockstep_station import LockstepStation
from ros_wam.trial.plan import make_plan
from ros_wam.types import Observation, Reply


class MuteClient:
    """A policy client that never gets an answer."""

    def __init__(self) -> None:
        self.asked = 0

    def connect(self) -> Mapping[str, Any]:
        return {}

    def infer(self, observation: Observation) -> Reply:
        self.asked += 1
        raise PolicyTimeout("no answer")

    def reset(self, prompt: str) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def client() -> MuteClient:
    return MuteClient()


@pytest.fixture
def station(tmp_path: Path, client: MuteClient) -> Iterator[LockstepStation]:
    opened = LockstepStation(tidying_run(tmp_path), UR5, BASELINE, client, latency_ms=0.0)
    opened.reset(1)
    yield opened
    opened.close()


def advance(station: LockstepStation, ticks: int) -> None:
    for _ in range(ticks):
        station.enable()
        station.advance()


@pytest.mark.virtual
@pytest.mark.slow
def test_a_policy_that_fails_is_told_and_not_asked_again(
    station: LockstepStation, client: MuteClient, tmp_path: Path
) -> None:
    advance(station, 100)
    names = {"robot": "ur5", "task": "move_objects_into_box", "policy": "baseline", "prompt": "tidy up"}
    (planned,) = make_plan(**names, time_limit_s=1.0, trials=1, seed=0)
    station.prepare(planned, tmp_path / "trial/bag")
    station.start()
    assert station.fault() is None
    advance(station, round(BASELINE.timeouts.call_s / UR5.period_s))
    assert station.fault() is None, "waiting for an answer takes virtual time"
    advance(station, 20)
    assert station.fault() == (Cause.POLICY_TIMEOUT, "no answer")
    assert client.asked == 1


def test_a_robot_in_fault_is_told_until_the_next_trial(station: LockstepStation) -> None:
    advance(station, 10)
    assert station.fault() is None
    home = UR5.home_position
    station._robot.place(np.where(np.arange(len(home)) == 0, home + 1.0, home))  # pushed away
    advance(station, 1)
    fault = station.fault()
    assert fault is not None
    cause, detail = fault
    assert cause is Cause.NOT_FOLLOWING
    assert "the robot is in FAULT: joint1 is 1.0" in detail
    station.stop()
    assert station.fault() == fault
    station.reset(2)
    assert station.fault() is None


def test_the_policy_is_told_at_what_speed_its_chunks_are_followed(station: LockstepStation) -> None:
    advance(station, 1)
    later_ns = station.now_ns() + RAMP_NS + 100_000_000
    assert station._policy.speed.smallest_since(later_ns) == 1.0
    station._control._settings = replace(station._control._settings, speed_override=0.5)
    advance(station, 1)
    assert station._policy.speed.smallest_since(later_ns) == 0.5


def test_cameras_that_show_nothing_new_are_looked_at_once_per_picture(
    station: LockstepStation, client: MuteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance(station, 10)
    looks: list[int] = []
    monkeypatch.setattr(station, "_look", looks.append)
    monkeypatch.setattr(station._policy, "ask", lambda now_ns: None)
    station._running = True
    advance(station, round(1.0 / UR5.period_s))
    assert 20 <= len(looks) <= 31
    assert client.asked == 0
    assert station.fault() is None
