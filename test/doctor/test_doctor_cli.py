"""`ros-wam doctor`: usage, and what is printed."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from doctor_fixtures import HEALTHY, ROOT, found
from rich.console import Console

from ros_wam.bringup import Run, bringup, clear
from ros_wam.calibration import load_station
from ros_wam.cli.doctor import PARTS, USAGE, measure, table, task_of
from ros_wam.cli.main import main
from ros_wam.doctor.camera_checks import camera_checks
from ros_wam.doctor.check import Check
from ros_wam.doctor.defects import DEFECTS
from ros_wam.doctor.measured import Measured, Stream
from ros_wam.errors import ConfigError, SimError
from ros_wam.processes import NodeSpec
from ros_wam.request import Request


def test_an_unknown_defect_lists_the_ten(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--robot", "ur5", "--sim", "--inject", "gremlins"])
    assert ended.value.code == USAGE
    error = capsys.readouterr().err
    assert "gremlins" in error
    assert all(name in error for name in DEFECTS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--robot", "ur5", "--inject", "no_enable"], "--inject needs --sim"),
        (["--robot", "ur7", "--sim"], "no 'ur7' in robots; there are: "),
        (["--robot", "ur5", "--sim", "--policy", "gpt"], "no 'gpt' in config/policies"),
        (["--robot", "ur5"], "no station file for ur5"),
    ],
)
def test_what_cannot_be_examined_is_neither_go_nor_no_go(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *arguments]) == USAGE
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1].startswith("ros-wam: ")
    assert words in captured.err
    assert "GO" not in captured.out


def test_the_table_marks_what_fails() -> None:
    console = Console(width=100, record=True)
    console.print(table([Check("disk", True, "900 min", "30 min or more"), Check("mode", False, "FAULT", "HOLD")]))
    lines = console.export_text().splitlines()
    assert [line.split()[0] for line in lines if "min" in line] == ["ok"]
    assert [line.split()[0] for line in lines if "FAULT" in line] == ["NO"]


def test_nothing_that_could_move_the_robot_is_started() -> None:
    run = bringup(Request(robot="ur5", policy="baseline", task="move_objects_into_box", sim=True), PARTS)
    clear(run)
    started = {node.executable for node in run.nodes}
    assert started == {"sim_node", "policy_server", "camera_node", "robot_node", "doctor_node"}
    assert run.config.sitting_dir is None


def test_every_robot_has_a_task_to_be_examined_with() -> None:
    for robot in (ROOT / "robots").glob("*.yaml"):
        assert task_of(robot, None, sim=True) is not None


def test_a_robot_that_no_task_suits_needs_one_to_be_simulated() -> None:
    assert task_of(Path("fifth.yaml"), None, sim=False) is None
    assert task_of(Path("fifth.yaml"), "mine.yaml", sim=True) == "mine.yaml"
    with pytest.raises(ConfigError, match="no task in config/tasks suits fifth: name one by --task"):
        task_of(Path("fifth.yaml"), None, sim=True)


class Telling:
    """Stands in for a Supervisor: the one that tells says all at once and ends."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.output = process, process.stdout

    def __enter__(self) -> "Telling":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.communicate()

    def ended(self) -> NodeSpec | None:
        return None if self.process.poll() is None else NodeSpec("doctor_node", "doctor_node", ())

    def last_words(self, name: str) -> str:
        return "bye"


Tell = Callable[[list[dict[str, Any]]], Measured | Check]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Return what is made of a doctor's node that tells this and ends."""

    def tell(said: list[dict[str, Any]]) -> Measured | Check:
        text = "".join(json.dumps(each) + "\n" for each in said)
        command = [sys.executable, "-S", "-c", f"import sys; sys.stdout.write({text!r})"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        monkeypatch.setattr("ros_wam.cli.doctor.Supervisor", lambda *arguments: Telling(process))
        stack = SimpleNamespace(config=SimpleNamespace(run_dir=tmp_path))
        return measure(cast(Run, stack), None, lambda text: cast(None, process.wait()))

    return tell


ASKING = {"phase": "ASKING", "progress": "waiting for the policy"}


def test_a_finished_examination_counts_though_its_node_has_ended(told: Tell) -> None:
    assert told([ASKING, {"measured": asdict(HEALTHY)}]) == HEALTHY
    assert told([ASKING]) == Check("processes", False, "doctor_node ended: bye", "all run")


def test_the_log_of_a_camera_that_ended_speaks_for_it(told: Tell) -> None:
    views = {**HEALTHY.views, "global": Stream(0.0, None)}
    measured = told([ASKING, {"measured": asdict(replace(HEALTHY, views=views))}])
    assert isinstance(measured, Measured)
    checks = camera_checks(measured, load_station(ROOT / "calib" / "ur5" / "sim"))
    assert found(checks, "camera global errors") == "the last words of its node: bye"
    assert found(checks, "camera wrist errors") == "none"


def test_where_nothing_was_examined_a_line_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise SimError("the simulator does not answer")

    monkeypatch.setattr("ros_wam.cli.doctor.measure", fail)
    assert main(["doctor", "--robot", "ur5", "--sim"]) == USAGE
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] == "ros-wam: the simulator does not answer"
    assert "GO" not in captured.out
