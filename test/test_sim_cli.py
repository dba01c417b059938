"""What `ros-wam` refuses before anything is started."""

import argparse

import pytest

from ros_wam.cli import eval as eval_command
from ros_wam.cli import sim


@pytest.mark.parametrize("module", [sim, eval_command], ids=["sim", "eval"])
def test_a_negative_seed_is_refused(module: object, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    module.add_parser(parser.add_subparsers())  # type: ignore[attr-defined]
    with pytest.raises(SystemExit):
        parser.parse_args([module.__name__.rsplit(".", 1)[1], "--seed", "-1"])  # type: ignore[attr-defined]
    assert "argument --seed: -1 is not at least 0" in capsys.readouterr().err
