"""Bringup: one resolved configuration, one list of processes, clear errors before anything starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ros_wam import alive
from ros_wam.bringup import Request, Run, bringup, clear
from ros_wam.errors import ConfigError
from ros_wam.run_config import load_run_config

EVAL = Request(robot="ur5", policy="baseline", task="move_objects_into_box", sim=True, trials=3, seed=1)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = bringup(Request(**{**EVAL.__dict__, "record_dir": tmp_path}))
    yield run
    clear(run)
    assert not run.config.run_dir.exists()


def test_every_process_of_the_line_is_started_once(run: Run) -> None:
    assert [node.name for node in run.nodes] == [
        "sim_node",
        "policy_server",
        "camera_node_wrist",
        "camera_node_global",
        "robot_node",
        "policy_node",
        "recorder_node",
        "trial_node",
    ]


def test_control_never_respawns_by_itself(run: Run) -> None:
    robot = next(node for node in run.nodes if node.executable == "robot_node")
    assert not robot.respawn


def test_the_configuration_is_read_back_as_written(run: Run) -> None:
    assert load_run_config(run.config_file) == run.config
    assert all(str(run.config_file) in node.args for node in run.nodes)


def test_a_simulation_is_never_heard_by_a_real_station(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    next_free = str(int(run.environment["ROS_DOMAIN_ID"]) + 1)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    monkeypatch.setenv("ROS_DOMAIN_ID", next_free)
    again = bringup(Request(robot="ur5", task="move_objects_into_box", sim=True), parts=("sim",))
    clear(again)
    assert again.environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert again.environment["ROS_DOMAIN_ID"] not in ("0", next_free, run.environment["ROS_DOMAIN_ID"])


def test_the_folder_of_a_killed_launcher_is_removed_by_the_next_run(run: Run) -> None:
    left = run.config.run_dir.with_name("ros_wam_left_behind")
    (left / "alive").mkdir(parents=True)
    (left / "alive" / "launcher").touch()
    clear(bringup(Request(robot="ur5", task="move_objects_into_box", sim=True), parts=("sim",)))
    assert not left.exists()
    assert alive.is_alive(run.config.run_dir, "launcher")
    assert run.config.run_dir.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"robot": "ur7"}, r"no 'ur7' in robots; there are: ur5, ur5e"),
        ({"policy": "pi9"}, r"no 'pi9' in config/policies; there are: .*baseline"),
        ({"task": "dance"}, r"no 'dance' in config/tasks; there are: move_objects_into_box"),
        ({"sim": False}, r"no station file for ur5: .*; with --sim none is needed"),
        ({"inference_latency_ms": 5000.0}, r"an inference latency of 5000 ms would time out: baseline allows 2 s"),
        ({"inference_latency_ms": 1.0, "policy": None}, r"needs a policy that this package serves"),
        ({"resume": Path("nowhere")}, r"nothing to resume: nowhere holds no sitting\.yaml"),
    ],
)
def test_a_wrong_request_is_refused_with_the_choices(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        bringup(Request(**{**EVAL.__dict__, "record_dir": tmp_path, **change}))
