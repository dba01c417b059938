"""What `ros-wam teleop` refuses before anything is started, and what its help says."""

import io
from pathlib import Path

import pytest

from ros_wam.cli.main import build_parser, main
from ros_wam.teleop.key_map import key_help

UR5 = ("teleop", "--robot", "ur5", "--task", "move_objects_into_box")


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sim", "--device", "scripted"), "--device scripted, --lockstep and --sim go together"),
        (("--lockstep", "--device", "scripted"), "--device scripted, --lockstep and --sim go together"),
        (("--sim", "--lockstep", "--device", "keyboard"), "--device scripted, --lockstep and --sim go together"),
        (("--sim", "--device", "joystick"), "no device 'joystick'; this station has: "),
        (("--sim", "--device", "keyboard"), "--device keyboard needs a terminal to type in, or a pedal"),
        (("--device", "leader"), "no station file for ur5: "),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    options: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*UR5, "--record-dir", str(tmp_path), *options]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_only_a_simulation_chooses_its_task(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sent = ["teleop", "--robot", "ur5", "--device", "leader", "--record-dir", str(tmp_path)]
    assert main(sent) == 1
    assert "no task to demonstrate with ur5: name one by --task" in capsys.readouterr().err
    assert main([*sent, "--sim"]) == 1
    assert "no device 'leader'" in capsys.readouterr().err


def test_a_device_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args([*UR5, "--sim"])
    assert "--device" in capsys.readouterr().err


def test_its_help_tells_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["teleop", "--help"])
    told = capsys.readouterr().out
    assert "example: ros-wam teleop --robot ur5 --sim --device keyboard" in told
    assert all(keys in told and what in told for keys, what in key_help("keyboard"))
