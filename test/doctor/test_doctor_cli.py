"""`ros-wam doctor`: usage, and what is printed."""

from pathlib import Path

import pytest
from doctor_fixtures import ROOT
from rich.console import Console

from ros_wam.bringup import Request, bringup, clear
from ros_wam.cli.doctor import PARTS, USAGE, table, task_for
from ros_wam.cli.main import main
from ros_wam.doctor.check import Check
from ros_wam.doctor.defects import DEFECTS
from ros_wam.errors import ConfigError


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
        assert task_for(robot, sim=True) is not None


def test_a_robot_that_no_task_suits_cannot_be_simulated() -> None:
    assert task_for(Path("fifth.yaml"), sim=False) is None
    with pytest.raises(ConfigError, match="no task in config/tasks suits fifth"):
        task_for(Path("fifth.yaml"), sim=True)
