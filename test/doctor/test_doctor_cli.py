"""`ros-wam doctor`: usage, and what is printed."""

import pytest
from rich.console import Console

from ros_wam.cli.doctor import USAGE, table
from ros_wam.cli.main import main
from ros_wam.doctor.check import Check
from ros_wam.doctor.defects import DEFECTS


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
