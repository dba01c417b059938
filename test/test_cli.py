"""The command line: help with an example, one clear line when something is wrong, a status that tells."""

from pathlib import Path

import pytest

from ros_wam.cli.main import COMMANDS, main

EVAL = ["eval", "--robot", "ur5", "--task", "move_objects_into_box", "--policy", "baseline"]


@pytest.mark.parametrize("command", [module.__name__.rsplit(".", 1)[1] for module in COMMANDS])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"example: ros-wam {command}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "gpt", "--robot", "ur5"], "no policy 'gpt' to serve; there are: baseline, torch:FILE"),
        ([*EVAL, "--lockstep"], "--lockstep needs --sim"),
        (EVAL, "no station file for ur5"),
        ([*EVAL, "--sim", "--resume", "nowhere"], "nothing to resume: nowhere"),
        (["bag", "info", "nowhere"], "no bag in nowhere"),
        (["bag", "recover", "nowhere"], "nowhere"),
        (["report", "nowhere"], "nowhere"),
        (["sim", "--robot", "ur7", "--task", "move_objects_into_box"], "no 'ur7' in robots; there are: "),
    ],
)
def test_a_failure_is_one_clear_line(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("ros-wam: ")
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        [*EVAL, "--trials", "0"],
        [*EVAL, "--inference-latency-ms", "-1"],
    ],
)
def test_a_wrong_command_line_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
