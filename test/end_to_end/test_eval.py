"""One trial on the production path, and what its record must hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import Reader
from stack import Stack, run_stack

from ros_wam import fields
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import SimError
from ros_wam.record.bag_reader import BagReader
from ros_wam.share import share_dir
from ros_wam.sim.time_code import decode_time_ns
from ros_wam.topics import image_topic

UR5 = load_embodiment(share_dir() / "robots" / "ur5.yaml")
VIEWS = ("wrist", "global")


@dataclass
class Recorded:
    """A finished sitting of one trial, its bag, and what the emulated controller was sent [rad], by stamp."""

    stack: Stack
    trial: dict[str, Any]
    targets: dict[int, list[float]]

    def messages(self, topic: str) -> list[Any]:
        """Return the messages of one topic, oldest first."""
        with BagReader(self.stack.sitting / self.trial["bag"]) as bag:
            return [message.message for message in bag.messages([topic])]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    received: dict[int, list[float]] = {}

    def collect(stack: Stack, event: dict[str, Any]) -> None:
        try:
            received.update(stack.link.received_targets(after_ns=max(received, default=0)))
        except SimError:
            if event.get("state") != "scored":
                raise

    stack = run_stack(tmp_path_factory.mktemp("eval"), collect)
    (trial,) = stack.results()
    yield Recorded(stack, trial, received)


def test_the_trial_succeeds_and_counts(recorded: Recorded) -> None:
    assert recorded.trial["outcome"] == "success"
    assert recorded.trial["valid"]
    assert recorded.trial["score"] == pytest.approx(1.0)


def test_rosbags_opens_the_bag_and_reads_every_message(recorded: Recorded) -> None:
    with Reader(recorded.stack.sitting / recorded.trial["bag"]) as reader:
        assert sum(1 for _ in reader.messages()) == reader.message_count > 0


@pytest.mark.parametrize("view", VIEWS)
def test_views_are_recorded_at_their_rate(recorded: Recorded, view: str) -> None:
    stamps = np.array([fields.read_stamp(message.header.stamp) for message in recorded.messages(image_topic(view))])
    assert (np.diff(stamps) > 0).all()
    assert (len(stamps) - 1) / (stamps[-1] - stamps[0]) * 1e9 >= 25.0


@pytest.mark.parametrize("view", VIEWS)
def test_pictures_are_stamped_with_the_time_they_show(recorded: Recorded, view: str) -> None:
    frames = [fields.read_image(message) for message in recorded.messages(image_topic(view))]
    errors_ns = np.array([abs(decode_time_ns(frame.image) - frame.stamp_ns) for frame in frames])
    assert (errors_ns <= 2_000_000).mean() >= 0.99


@pytest.mark.parametrize("topic", ["joint_states", "joint_commands"])
def test_joints_are_recorded_at_the_control_rate(recorded: Recorded, topic: str) -> None:
    messages = recorded.messages(topic)
    stamps = np.array([fields.read_stamp(message.header.stamp) for message in messages])
    assert (len(stamps) - 1) / (stamps[-1] - stamps[0]) * 1e9 >= 0.97 * UR5.control_rate_hz
    assert list(messages[0].name) == ["joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "gripper"]


def test_no_control_tick_is_missing(recorded: Recorded) -> None:
    sequence = np.concatenate([fields.read_setpoints(message).sequence for message in recorded.messages("setpoints")])
    assert (np.diff(sequence) == 1).all()


def test_the_controller_received_what_was_recorded_as_sent(recorded: Recorded) -> None:
    """Each recorded command must be among the targets that came over the wire within the next 100 ms."""
    stamps = np.array(sorted(recorded.targets))
    received = np.array([recorded.targets[stamp_ns] for stamp_ns in stamps])
    commands = [fields.read_joint_command(message, UR5.joint_names) for message in recorded.messages("joint_commands")]
    found = 0
    for command in commands:
        first, last = np.searchsorted(stamps, [command.stamp_ns, command.stamp_ns + 100_000_000])
        found += bool((np.abs(received[first:last] - command.position[~UR5.is_gripper]) < 1e-9).all(axis=1).any())
    assert found / len(commands) >= 0.999


def test_every_sent_command_is_within_the_robots_limits(recorded: Recorded) -> None:
    setpoints = [fields.read_setpoints(message) for message in recorded.messages("setpoints")]
    sent = np.concatenate([batch.sent for batch in setpoints])
    sent = sent[np.isfinite(sent).all(axis=1)]
    arm = ~UR5.is_gripper
    velocity = np.diff(sent, axis=0) / UR5.period_s
    acceleration = np.diff(velocity, axis=0) / UR5.period_s
    assert ((sent >= UR5.lower - 1e-9) & (sent <= UR5.upper + 1e-9)).all()
    assert (np.abs(velocity[:, arm]) <= UR5.velocity[arm] + 1e-6).all()
    assert (np.abs(acceleration[:, arm]) <= UR5.acceleration[arm] + 1e-6).all()


def test_what_shaped_the_trial_is_beside_its_bag(recorded: Recorded) -> None:
    folder: Path = recorded.stack.sitting / "trials" / "001"
    assert (folder / "trial.json").is_file()
    assert {"config.yaml", "robots", "calib", "policies", "tasks"} <= {path.name for path in folder.glob("config/*")}
