"""One trial on the production path, and what its record must hold.

The bounds on rates and stamps are looser than what a quiet machine reaches (`test/record_figures.py` prints that): they
tell a wrong record from a busy machine.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from record_figures import RecordFigures, record_figures
from stack import Stack, run_stack

from ros_wam import fields
from ros_wam.errors import SimError
from ros_wam.record.bag_reader import BagReader
from ros_wam.sim.emulators.emulator import ReceivedTarget


@dataclass
class Recorded:
    """A finished sitting of one trial, its record, and what the emulated controller was sent."""

    stack: Stack
    trial: dict[str, Any]
    figures: RecordFigures
    targets: list[ReceivedTarget]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    received: list[ReceivedTarget] = []

    def collect(stack: Stack, event: dict[str, Any]) -> None:
        if event.get("state") not in ("running", "stopping", "scored"):
            return  # the simulator may not be there yet
        try:
            for _ in range(10):  # more than a start-up's backlog
                received.extend(stack.link.received_targets(received[-1].stamp_ns if received else 0))
        except SimError:
            if event["state"] != "scored":  # by then it may have ended
                raise

    stack = run_stack(tmp_path_factory.mktemp("eval"), collect)
    (trial,) = stack.results()
    return Recorded(stack, trial, record_figures(stack.sitting / "trials" / "001"), received)


def test_the_trial_succeeds_and_counts(recorded: Recorded) -> None:
    assert recorded.trial["outcome"] == "success"
    assert recorded.trial["valid"]
    assert recorded.trial["score"] == pytest.approx(1.0)


@pytest.mark.parametrize("view", ["wrist", "global"])
def test_views_are_recorded_at_their_rate(recorded: Recorded, view: str) -> None:
    assert recorded.figures.view_rate_hz[view] >= 20.0


@pytest.mark.parametrize("view", ["wrist", "global"])
def test_pictures_are_stamped_with_the_time_they_show(recorded: Recorded, view: str) -> None:
    assert recorded.figures.stamped_share[view] >= 0.95


@pytest.mark.parametrize("topic", ["joint_states", "joint_commands"])
def test_joints_are_recorded_at_the_control_rate(recorded: Recorded, topic: str) -> None:
    assert recorded.figures.joint_rate_hz[topic] >= 0.95 * 125.0


def test_no_control_tick_is_missing(recorded: Recorded) -> None:
    assert recorded.figures.missing_ticks == 0


def test_every_sent_command_is_within_the_robots_limits(recorded: Recorded) -> None:
    assert recorded.figures.inside_position_limits
    assert recorded.figures.limit_ratio <= 1.0 + 1e-6


def test_the_controller_received_what_was_recorded_as_sent(recorded: Recorded) -> None:
    """Each recorded command must be among the targets that came over the wire within 100 ms of it.

    The station stamps them with the world's time, which a late loop is behind by up to 100 ms.
    """
    names = recorded.stack.run.config.embodiment().joint_names
    stamps = np.array([target.stamp_ns for target in recorded.targets])
    received = np.array([target.position for target in recorded.targets])
    with BagReader(recorded.stack.sitting / recorded.trial["bag"]) as bag:
        commands = [fields.read_joint_command(m.message, names) for m in bag.messages(["joint_commands"])]
    lost = []
    for command in commands:
        first, last = np.searchsorted(stamps, command.stamp_ns + np.array([-100_000_000, 100_000_000]))
        if not (np.abs(received[first:last] - command.position[:-1]) < 1e-9).all(axis=1).any():
            lost.append((command.stamp_ns - commands[0].stamp_ns) * 1e-9)
    assert len(lost) <= 0.001 * len(commands), f"not received, by the time since the first [s]: {np.round(lost, 3)}"


def test_what_shaped_the_trial_is_beside_its_bag(recorded: Recorded) -> None:
    folder: Path = recorded.stack.sitting / "trials" / "001"
    assert (folder / "trial.json").is_file()
    assert {"config.yaml", "robots", "calib", "policies", "tasks"} <= {path.name for path in folder.glob("config/*")}
    assert (recorded.stack.sitting / "report.html").is_file()
