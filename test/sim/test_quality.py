"""Recordings of the simulated station are good, and are bad once something is taken from them."""

from dataclasses import replace
from pathlib import Path

import pytest

from ros_wam.quality.bag import judge_bag
from ros_wam.quality.finding import CheckName
from ros_wam.quality.selection import select
from ros_wam.quality.verdict import Verdict
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import source_stamp_ns
from ros_wam.request import Request
from ros_wam.run_config import load_run_config
from ros_wam.sim.lockstep_demonstrations import run_demonstrations
from ros_wam.topics import image_topic, topic_table

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

LOST_NS = 140_000_000


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demonstrations")
    asked = {"robot": "ur5", "task": "press_three_buttons", "device": "scripted", "sim": True, "trials": 1, "seed": 1}
    return run_demonstrations(Request(**asked, record_dir=folder), lambda line: None)  # type: ignore[arg-type]


def test_a_demonstration_of_the_simulated_station_is_good(sitting: Path) -> None:
    selection = select(sitting)
    (trial,) = selection.kept
    assert selection.left_out == () and trial.bag is not None
    assert trial.quality == judge_bag(sitting / trial.bag, marked=True).to_json()
    assert trial.quality["verdict"] == Verdict.GOOD.value and trial.quality["findings"] == []
    assert trial.quality["seconds"] == pytest.approx(trial.duration_s, abs=0.1)


def test_the_same_demonstration_without_a_part_of_its_pictures_is_bad(sitting: Path, tmp_path: Path) -> None:
    trial_dir = sitting / "trials" / "001"
    robot = load_run_config(trial_dir / "config" / "config.yaml").embodiment()
    with BagReader(trial_dir / "bag") as bag:
        table = topic_table(dict.fromkeys(robot.views), robot.control_rate_hz)
        rates_hz, hole_ns = bag.expected_rates_hz, (bag.start_ns + bag.end_ns) // 2
        topics = {name: replace(table[name], rate_hz=rates_hz.get(name)) for name in bag.topics}
        with BagWriter(tmp_path / "bag", topics) as spoiled:
            for raw in bag.raw_messages():
                late_ns = (source_stamp_ns(raw.type, raw.data) or raw.stamp_ns) - hole_ns
                if raw.topic != image_topic("wrist") or not 0 <= late_ns < LOST_NS:
                    spoiled.write(raw.topic, raw.stamp_ns, raw.data)
    quality = judge_bag(tmp_path / "bag", embodiment=robot)
    assert (quality.verdict, [found.check for found in quality.findings]) == (
        Verdict.BAD,
        [CheckName.DROPPED_FRAMES],
    )
    assert quality.findings[0].value == pytest.approx(LOST_NS * 1e-9 + 1.0 / 30.0, abs=0.04)
