"""`ros-wam tasks`: the list, one task, and what is wrong with a file."""

import json
from pathlib import Path

import pytest

from ros_wam.cli.main import main
from ros_wam.share import share_dir


def test_the_list_names_every_task_in_a_line_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["tasks"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [path.stem for path in sorted((share_dir() / "config" / "tasks").glob("*.yaml"))]
    assert [line.split()[0] for line in lines if line.split() and line.split()[0] in names] == names
    assert "30 tasks, 4 of them simulated" in lines[-1]


def test_tasks_of_a_robot_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--robot", "franka", "--json"]) == 0
    tasks = json.loads(capsys.readouterr().out)
    assert [(task["name"], task["simulated"]) for task in tasks] == [
        ("move_objects_into_box", True),
        ("press_three_buttons", True),
    ]


def test_one_task_is_shown_with_points_and_how_to_lay_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "put_cup_on_coaster"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for text in (
        "cup picked up 4",
        "arm back (not needed for success) 1",
        "rubric the benchmark's own",
        "1. Coaster and",
    ):
        assert text in shown


def test_a_robot_without_tasks_is_told_which_have_some(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--robot", "w1"]) == 1
    assert "no task suits 'w1'; there are tasks for: aloha, arx5" in capsys.readouterr().err


def test_a_defective_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (share_dir() / "config" / "tasks" / "stack_bowls.yaml").read_text()
    path = tmp_path / "stack_bowls.yaml"
    path.write_text(text.replace("points: 2.5", "points: 3.5", 1))
    assert main(["tasks", str(path)]) == 1
    assert "stack_bowls.yaml: its stages are worth 11 points, must be 10" in capsys.readouterr().out
