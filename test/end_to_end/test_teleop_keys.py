"""`ros-wam teleop --device keyboard` in a pseudo-terminal, on the simulated station in real time."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pseudo_terminal import PseudoTerminal

from ros_wam import fields
from ros_wam.cli.main import INTERRUPTED
from ros_wam.record.bag_reader import BagReader
from ros_wam.types import FloatArray

JOINTS = ("joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "gripper")
RELEASED_S = 0.8  # 0.11 s where nothing else runs; test_keys.py has the bound
PAUSE_S = 2.0
STILL_RAD = 2e-3


class Recorded:
    """What a demonstration's bag says of the robot's motion."""

    def __init__(self, bag: Path) -> None:
        states, self.enables = [], []
        with BagReader(bag) as reader:
            for message in reader.messages(["joint_states", "enable"]):
                if message.topic == "enable":
                    self.enables.append((message.stamp_ns, fields.read_enable(message.message)))
                else:
                    states.append(fields.read_joint_state(message.message, JOINTS))
        self.stamps_ns = np.array([state.stamp_ns for state in states])
        self.positions = np.array([state.position for state in states])

    def between(self, begin_ns: float, end_ns: float) -> FloatArray:
        """Return how far each joint moved in a stretch of time `(7,)`."""
        during = self.positions[(self.stamps_ns >= begin_ns) & (self.stamps_ns <= end_ns)]
        return np.asarray(during.max(axis=0) - during.min(axis=0))

    def disabled_after_s(self, now_ns: int) -> float:
        """Return how long after `now_ns` enable was taken away."""
        return min(stamp_ns - now_ns for stamp_ns, held in self.enables if stamp_ns > now_ns and not held) * 1e-9


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[PseudoTerminal]:
    asked = "teleop --robot ur5 --sim --device keyboard --task move_objects_into_box --episodes 1 --seed 1"
    terminal = PseudoTerminal([*asked.split(), "--record-dir", str(tmp_path)])
    terminal.wait(terminal.sees("hold to move", "released", "robot TELEOP"), 90.0)
    yield terminal
    terminal.close()


def test_held_keys_move_the_robot_and_a_demonstration_is_recorded(terminal: PseudoTerminal, tmp_path: Path) -> None:
    terminal.look(0.5)
    tapped_ns = terminal.tap("r")
    terminal.look(1.0)
    released = {}
    for key in "rwc":
        released[key] = terminal.hold(key, 1.0)
        terminal.look(PAUSE_S)
    closing = terminal.sees("all are recorded")
    terminal.tap("y")
    terminal.wait(closing)
    terminal.tap("\r")
    assert terminal.end() == 0
    assert terminal.attributes == terminal.before
    assert "1 of 1 valid trials succeeded" in terminal.shown

    (sitting,) = tmp_path.iterdir()
    (trial,) = json.loads((sitting / "results.json").read_text())["trials"]
    assert (trial["outcome"], trial["valid"], trial["policy"]) == ("success", True, "teleop")
    bag = Recorded(sitting / trial["bag"])
    assert bag.between(tapped_ns, tapped_ns + 0.9e9)[:6].max() < STILL_RAD
    for key, last_ns in released.items():
        moved = bag.between(last_ns - 0.9e9, last_ns)
        assert moved[6] > 0.1 if key == "c" else moved[:6].max() > 0.02
        assert bag.disabled_after_s(last_ns) < RELEASED_S
        assert bag.between(last_ns + 1.5e9, last_ns + 0.95e9 * PAUSE_S)[:6].max() < STILL_RAD


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.thorough), signal.SIGHUP])
def test_whoever_ends_it_while_a_key_is_held_gets_the_terminal_back(
    terminal: PseudoTerminal, number: signal.Signals
) -> None:
    assert terminal.attributes != terminal.before
    terminal.hold("r", 0.5)
    terminal.process.send_signal(number)
    assert terminal.end() == INTERRUPTED
    assert terminal.attributes == terminal.before
