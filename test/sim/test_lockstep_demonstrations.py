"""Demonstrations by scripted experts under a virtual clock: they succeed, repeat exactly, and are recorded in full."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_wam.config import load
from ros_wam.embodiment import load_embodiment
from ros_wam.fields import MODES, read_setpoint_provenance, read_teleop_command
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.cdr import deserialize
from ros_wam.request import Request
from ros_wam.sim.expert.settings import ExpertSettings, expert_settings
from ros_wam.sim.lockstep_demonstrations import run_demonstrations
from ros_wam.trial.sitting import Sitting
from ros_wam.types import Mode

ROOT = Path(__file__).parents[2]
UR5 = load_embodiment(ROOT / "robots/ur5.yaml")
pytestmark = [pytest.mark.slow, pytest.mark.virtual]


def demonstrate(folder: Path, robot: str, seed: int = 1, **options: Any) -> tuple[Path, list[str]]:
    said: list[str] = []
    request = Request(robot=robot, device="scripted", sim=True, seed=seed, record_dir=folder, **options)
    return run_demonstrations(request, said.append), said


def trials_of(sitting: Path) -> list[dict[str, Any]]:
    trials: list[dict[str, Any]] = json.loads((sitting / "results.json").read_text())["trials"]
    return trials


def messages(sitting: Path, trial_id: str = "001") -> Iterator[tuple[str, int, bytes]]:
    with BagReader(sitting / "trials" / trial_id / "bag") as bag:
        for raw in bag.raw_messages(list(bag.topics)):
            yield raw.topic, raw.stamp_ns, raw.data


def digest(sitting: Path) -> str:
    told = hashlib.sha256()
    for topic, stamp_ns, data in messages(sitting):
        told.update(f"{topic} {stamp_ns} {len(data)}".encode() + data)
    return told.hexdigest()


@pytest.fixture(scope="module")
def tidied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    return demonstrate(tmp_path_factory.mktemp("tidied"), "ur5")


def test_the_same_seed_gives_the_same_recording(tmp_path: Path) -> None:
    first, again = (demonstrate(tmp_path / run, "arx5", task="turn_on_light_switch")[0] for run in ("first", "again"))
    assert digest(first) == digest(again)
    assert trials_of(first) == trials_of(again)


def test_a_demonstration_succeeds_and_says_what_it_is(tidied: tuple[Path, list[str]]) -> None:
    sitting, said = tidied
    (trial,) = trials_of(sitting)
    assert (trial["outcome"], trial["score"], trial["valid"]) == ("success", 1.0, True)
    assert trial["policy"] == "teleop"
    assert trial["quality"]["verdict"] == "good", trial["quality"]
    described = load(sitting / "sitting.yaml", Sitting)
    assert (described.kind, described.device) == ("demonstrations", "scripted")
    assert said[-1].endswith(" times real time")
    assert json.loads(said[-2])["state"] == "scored"


def test_every_view_is_recorded_at_its_rate_and_in_step(tidied: tuple[Path, list[str]]) -> None:
    stamps: dict[str, list[int]] = {}
    for topic, stamp_ns, _ in messages(tidied[0]):
        stamps.setdefault(topic, []).append(stamp_ns)
    views = [np.array(stamps[f"{view}/image/compressed"]) for view in ("wrist", "global")]
    np.testing.assert_array_equal(*views)
    assert np.diff(views[0]).max() <= 36_000_000
    assert np.diff(views[0]).mean() == pytest.approx(1e9 / 30.0, rel=1e-3)
    assert np.diff(stamps["teleop_command"]).mean() == pytest.approx(2e7, rel=0.01)
    (trial,) = trials_of(tidied[0])
    assert len(stamps["joint_states"]) * 0.008 == pytest.approx(trial["duration_s"], abs=0.5)


def test_the_robot_follows_the_leader_and_nothing_else(tidied: tuple[Path, list[str]]) -> None:
    sources: set[int] = set()
    led = []
    with BagReader(tidied[0] / "trials/001/bag") as bag:
        for raw in bag.raw_messages(["setpoint_provenance", "teleop_command"]):
            message = deserialize(bag.topics[raw.topic], raw.data)
            if raw.topic == "teleop_command":
                led.append(read_teleop_command(message, UR5.joint_names))
            elif led:
                origin = read_setpoint_provenance(message)
                sources.update(origin.source[origin.stamp_ns > led[0].stamp_ns].tolist())
    assert sources == {MODES.index(Mode.TELEOP), MODES.index(Mode.HOLD)}, "and the latter at the end"
    assert len(np.unique(np.array([command.position for command in led]).round(4), axis=0)) > 100


def test_what_the_expert_was_set_to_is_kept_beside_the_bag(tidied: tuple[Path, list[str]]) -> None:
    copy = tidied[0] / "trials/001/config/experts/move_objects_into_box.yaml"
    assert load(copy, ExpertSettings) == expert_settings("move_objects_into_box")


@pytest.mark.parametrize(
    ("robot", "task"),
    [
        pytest.param("ur5e", "move_objects_into_box", marks=pytest.mark.thorough),
        ("franka", "press_three_buttons"),
        ("aloha", "stack_bowls"),
        pytest.param("franka", "move_objects_into_box", marks=pytest.mark.thorough),
        pytest.param("ur5", "press_three_buttons", marks=pytest.mark.thorough),
        pytest.param("arx5", "turn_on_light_switch", marks=pytest.mark.thorough),
        pytest.param("arx5_x5", "turn_on_light_switch", marks=pytest.mark.thorough),
    ],
)
def test_an_expert_does_every_task(tmp_path: Path, robot: str, task: str) -> None:
    sitting, _ = demonstrate(tmp_path, robot, task=task)
    (trial,) = trials_of(sitting)
    assert (trial["outcome"], trial["score"]) == ("success", 1.0), trial["comment"]
    assert trial["quality"]["verdict"] != "bad", trial["quality"]
