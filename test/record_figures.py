"""How true a trial's record is, as figures: `python test/record_figures.py runs/<sitting>` prints them per trial."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rosbags.rosbag2 import Reader

from ros_wam import fields
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.record.bag_reader import BagReader
from ros_wam.run_config import load_run_config
from ros_wam.sim.time_code import decode_time_ns
from ros_wam.topics import image_topic

STAMP_BOUND_NS = 2_000_000


@dataclass(frozen=True)
class RecordFigures:
    """Rates [Hz]; `stamped_share`: of the pictures whose stamp is within 2 ms of the time that their pixels tell;
    `limit_ratio`: the largest velocity or acceleration of the sent commands, as a share of its limit."""

    messages: int
    view_rate_hz: dict[str, float]
    stamped_share: dict[str, float]
    stamp_error_p99_ms: dict[str, float]
    joint_rate_hz: dict[str, float]
    missing_ticks: int
    limit_ratio: float
    inside_position_limits: bool


def record_figures(trial_dir: Path) -> RecordFigures:
    """Measure the bag of one trial."""
    robot = load_embodiment(load_run_config(trial_dir / "config" / "config.yaml").robot)
    with Reader(trial_dir / "bag") as reader:
        messages = sum(1 for _ in reader.messages())
        assert messages == reader.message_count
    with BagReader(trial_dir / "bag") as bag:
        errors_ns, view_rates = {}, {}
        for view in robot.views:
            frames = [fields.read_image(message.message) for message in bag.messages([image_topic(view)])]
            errors_ns[view] = np.array([abs(decode_time_ns(frame.image) - frame.stamp_ns) for frame in frames])
            view_rates[view] = _rate_hz([frame.stamp_ns for frame in frames])
        joint_rates = {
            topic: _rate_hz([fields.read_stamp(m.message.header.stamp) for m in bag.messages([topic])])
            for topic in ("joint_states", "joint_commands")
        }
        setpoints = [fields.read_setpoints(message.message) for message in bag.messages(["setpoints"])]
    ratio, inside = _limits(np.concatenate([batch.sent for batch in setpoints]), robot)
    return RecordFigures(
        messages=messages,
        view_rate_hz=view_rates,
        stamped_share={view: float((errors <= STAMP_BOUND_NS).mean()) for view, errors in errors_ns.items()},
        stamp_error_p99_ms={view: float(np.percentile(errors, 99)) * 1e-6 for view, errors in errors_ns.items()},
        joint_rate_hz=joint_rates,
        missing_ticks=int((np.diff(np.concatenate([batch.sequence for batch in setpoints])) - 1).sum()),
        limit_ratio=ratio,
        inside_position_limits=inside,
    )


def _rate_hz(stamps: list[int]) -> float:
    assert (np.diff(stamps) >= 0).all()  # a state that the controller has not renewed keeps its stamp
    return (len(stamps) - 1) / (stamps[-1] - stamps[0]) * 1e9


def _limits(sent: np.ndarray, robot: Embodiment) -> tuple[float, bool]:
    sent = sent[np.isfinite(sent).all(axis=1)]
    arm = ~robot.is_gripper
    velocity = np.diff(sent, axis=0) / robot.period_s
    acceleration = np.diff(velocity, axis=0) / robot.period_s
    ratios = (
        (np.abs(velocity) / robot.velocity)[:, arm].max(),
        (np.abs(acceleration) / robot.acceleration)[:, arm].max(),
    )
    return float(max(ratios)), bool(((sent >= robot.lower - 1e-9) & (sent <= robot.upper + 1e-9)).all())


if __name__ == "__main__":
    for trial in sorted(Path(sys.argv[1]).glob("trials/[0-9][0-9][0-9]")):
        print(trial.name, record_figures(trial))  # noqa: T201
