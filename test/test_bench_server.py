"""The benchmark of the server: what its figures mean, and that it serves the program that it measures."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ros_wam import share
from ros_wam.bench import server as bench
from ros_wam.bench.server import call_times, observation, server_figures, server_rows
from ros_wam.cli.main import main
from ros_wam.embodiment import load_embodiment
from ros_wam.types import Reply

FRANKA = load_embodiment(share.find("robots", bench.ROBOT))


def test_what_is_added_is_told_call_by_call() -> None:
    times = {"served": [11.0, 25.0, 13.0], "bare forward pass": [10.0, 20.0, 11.0], "round_trip": [10.5, 24.0, 12.0]}
    figures = server_figures(times)
    assert figures == {"added_ms": 2.0, "forward_ms": 11.0, "served_ms": 13.0, "calls": 3.0}
    rows = list(server_rows(times))
    assert [row["part"] for row in rows] == list(times)
    assert (rows[0]["p50_ms"], rows[0]["source"]) == (13.0, "measured")


def test_each_call_is_measured_but_for_the_first_ones() -> None:
    program: Any = SimpleNamespace(tensors=lambda seen: [seen.images["side"].shape], forward=lambda tensors: None)
    reply = Reply(np.zeros((2, 8)), 3.0, {"round_trip": 4.0})
    client: Any = SimpleNamespace(infer=lambda seen: reply)
    times = call_times(program, client, observation(FRANKA), 5)
    assert {name: len(values) for name, values in times.items()} == {
        "bare forward pass": 5,
        "served": 5,
        "round_trip": 5,
        "inference on the server": 5,
    }
    assert times["inference on the server"] == [3.0] * 5


def test_without_torch_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["bench", "server"]) == 1
    assert "pip install '.[torch]' in a checkout" in capsys.readouterr().err


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_it_measures_what_it_serves() -> None:
    pytest.importorskip("torch")
    result = bench.server(3, "cpu", lambda text: None)
    assert result.figures["calls"] == 3
    assert 0 < result.figures["forward_ms"] < result.figures["served_ms"]
    assert {"prepare", "encode", "round_trip", "decode"} < {row["part"] for row in result.rows}


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_server_that_does_not_start_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(bench.TrialError, match="ended before it served"), bench.served(tmp_path / "none.pt", "cpu"):
        pass
    assert "none.yaml" in capfd.readouterr().err
