"""The page of benchmarks, from what they printed."""

import json
from pathlib import Path

import pytest

from ros_wam.bench.document import main, read_results
from ros_wam.bench.published import CHUNK_SWITCH
from ros_wam.bench.result import BenchResult
from ros_wam.errors import ConfigError

MACHINE = {"processor": "a processor", "cores": "2", "system": "Linux", "python": "3.11", "host": "secret"}


def write(folder: Path, result: BenchResult) -> None:
    (folder / f"{result.bench}.json").write_text(json.dumps(result.as_json()))


def test_the_page_names_figures_machine_and_where_others_come_from(tmp_path: Path) -> None:
    (tmp_path / "latency.png").write_bytes(b"")
    rows = ({"latency_ms": 27, "idle_pct": 0.0}, {"latency_ms": 568, "idle_pct": 35.42})
    write(tmp_path, BenchResult("latency", {"limit_ratio": 1.0}, rows, MACHINE))
    write(tmp_path, BenchResult("chunk-switch", {"idle_pct_200": 0.0}, CHUNK_SWITCH, MACHINE))
    page = tmp_path / "bench.md"
    main([str(tmp_path), str(page)])
    text = page.read_text()
    assert text.index("## chunk-switch") < text.index("## latency")
    assert "| openpi broker\\* | 16/28/44 |" in text
    assert "\\* measured before with the same definition, not here." in text
    assert "LeRobot async, ACT ensembling and JTC-like are re-implementations" in text
    assert "| 568 | 35.4 |" in text
    assert "followed until the arm has settled, 0.25 s after its last row" in text
    assert "| `idle_pct_200` | 0 |" in text
    assert "how often the gate began to change a command; holding is not counted" in text
    assert "190 ms Fast-WAM" in text
    assert "![Idle time and success over inference latency](latency.png)" in text
    assert "Measured on a processor, 2 cores, Linux, Python 3.11, by `ros-wam bench latency --json`." in text
    assert "secret" not in text


def test_without_results_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no results in"):
        list(read_results(tmp_path))
    (tmp_path / "control.json").write_text('{"bench": "control"}')
    with pytest.raises(ConfigError, match=r"control\.json is not what a benchmark prints"):
        list(read_results(tmp_path))
