"""Judges a closed bag."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, RecordError, SpecError
from ros_wam.quality.bounds import Bounds
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.gate import QualityGate
from ros_wam.quality.verdict import Quality
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_recover import recover
from ros_wam.record.bag_writer import METADATA_FILE
from ros_wam.run_config import load_run_config
from ros_wam.topics import Topic
from ros_wam.trial.outcome import UNMARKED, Outcome, Trial

TELEOP = "teleop"
"""The policy of a demonstration."""
CONFIG = Path("config", "config.yaml")
"""The copy of the run's configuration, beside the bag's folder."""


def judge(bag_dir: Path, trial: Trial) -> Mapping[str, Any]:
    """Return the quality of a trial's bag in JSON types, as trial.json keeps it. Does not raise for a broken bag."""
    try:
        return judge_bag(bag_dir, marked=was_marked(trial)).to_json()
    except (RecordError, SpecError, ConfigError) as error:
        found = Finding(CheckName.UNREADABLE, Severity.BAD, str(error), 0.0, 0.0, 0.0, 1.0)
        return Quality(0.0, (found,)).to_json()


def was_marked(trial: Trial) -> bool | None:
    """Return whether anyone said how a demonstration went; None for a trial of a policy, whose time limit says it."""
    if trial.policy != TELEOP:
        return None
    return trial.outcome is not Outcome.ABORTED and trial.failure_class != UNMARKED


def judge_bag(
    bag_dir: Path,
    *,
    embodiment: Embodiment | None = None,
    bounds: Bounds | None = None,
    marked: bool | None = None,
) -> Quality:
    """Return the quality of a bag, by default of the robot whose file was copied beside it.

    Without the trial's commands all of it is judged. One that was cut off is recovered first. `marked`: see
    QualityGate. Raises RecordError or SpecError when the bag cannot be read, ConfigError when the robot cannot.
    """
    if any(bag_dir.glob("*.mcap")) and not (bag_dir / METADATA_FILE).exists():
        recover(bag_dir)
    with BagReader(bag_dir) as bag:
        robot, rates_hz = embodiment or _robot_of(bag_dir), bag.expected_rates_hz
        topics = {name: Topic(name, kind, rates_hz.get(name)) for name, kind in bag.topics.items()}
        gate = QualityGate(robot, topics, bounds, marked)
        if not bag.counts.get("trial_command"):
            gate.start(bag.start_ns)
        for raw in bag.raw_messages():
            gate.take(raw.topic, raw.stamp_ns, raw.data)
        gate.start(bag.end_ns)  # what never began is too short
        gate.stop(bag.end_ns)
        return gate.quality(bag.end_ns)


def _robot_of(bag_dir: Path) -> Embodiment:
    path = bag_dir.resolve().parent / CONFIG
    if not path.is_file():
        raise ConfigError(f"{bag_dir} has no {CONFIG} beside it that says of which robot it is; name it with --robot")
    return load_run_config(path).embodiment()
