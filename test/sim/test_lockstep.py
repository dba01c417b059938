"""Sittings under a virtual clock: they succeed, repeat exactly, and owe nothing to the simulator's state."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_wam.bringup import Request
from ros_wam.record.bag_reader import BagReader
from ros_wam.sim.lockstep import run_sitting
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.world import Snapshot

pytestmark = pytest.mark.slow


def sit(folder: Path, robot: str, trials: int, **options: Any) -> list[dict[str, Any]]:
    request = Request(
        robot=robot,
        policy="baseline",
        task="move_objects_into_box",
        sim=True,
        trials=trials,
        seed=1,
        record_dir=folder,
        **options,
    )
    sitting = run_sitting(request, lambda line: None)
    trials_run: list[dict[str, Any]] = json.loads((sitting / "results.json").read_text())["trials"]
    return trials_run


def test_the_same_seed_gives_the_same_trials(tmp_path: Path) -> None:
    first = sit(tmp_path / "first", "ur5", 2)
    assert [trial["outcome"] for trial in first] == ["success", "success"]
    assert first == sit(tmp_path / "second", "ur5", 2)


def test_every_trial_leaves_a_bag_with_every_tick(tmp_path: Path) -> None:
    (trial,) = sit(tmp_path, "ur5e", 1)
    assert trial["outcome"] == "success"
    (sitting,) = tmp_path.iterdir()
    with BagReader(sitting / trial["bag"]) as bag:
        assert bag.counts["setpoints"] > 0
        assert bag.counts["wrist/image/compressed"] == bag.counts["global/image/compressed"] > 0
    assert trial["dropped"]["setpoints"] == 0


def test_a_slow_policy_stops_and_goes_but_succeeds(tmp_path: Path) -> None:
    (trial,) = sit(tmp_path, "ur5", 1, inference_latency_ms=300.0)
    assert trial["outcome"] == "success"
    assert trial["inference_ms"]["p50"] == pytest.approx(300.0)


def test_a_blind_policy_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def blank(self: Renderer, snapshot: Snapshot, view: str) -> Any:
        return np.zeros((240, 320, 3), np.uint8)

    monkeypatch.setattr(Renderer, "render", blank)
    trials = sit(tmp_path, "ur5", 2)
    assert [trial["outcome"] for trial in trials] == ["failure", "failure"]
    assert [trial["score"] for trial in trials] == [0.0, 0.0]
    assert all(trial["valid"] for trial in trials)
