"""A bag is judged as its recording was live, whole or cut off."""

from pathlib import Path

import numpy as np
import pytest
from recording_defects import DEFECTS, freeze
from synthetic_recording import ROBOT, ROBOTS, T0_NS, TOPICS, SyntheticRecording, after, write_bag

from ros_wam.embodiment import load_embodiment
from ros_wam.errors import RecordError, SpecError
from ros_wam.quality.bag import judge_bag
from ros_wam.quality.finding import CheckName
from ros_wam.quality.gate import QualityGate
from ros_wam.quality.verdict import Verdict
from ros_wam.record.bag_writer import BagWriter

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


@pytest.mark.parametrize("defect", [*DEFECTS, "none"])
def test_a_bag_is_judged_as_it_was_live_however_often_that_was_asked(defect: str, tmp_path: Path) -> None:
    recording = SyntheticRecording()
    if defect in DEFECTS:
        DEFECTS[defect][0](recording)
    messages = recording.messages()
    gate, random = QualityGate(ROBOT, TOPICS), np.random.default_rng(len(defect))
    for topic, receipt_ns, data in messages:
        gate.take(topic, receipt_ns, data)
        if random.random() < 0.02:
            gate.findings(receipt_ns + int(random.integers(0, 10**10)))
    assert judge_bag(write_bag(tmp_path / "bag", messages), embodiment=ROBOT) == gate.quality(messages[-1][1])


def test_a_bag_without_commands_is_judged_from_end_to_end(tmp_path: Path) -> None:
    recording = SyntheticRecording()
    recording.commands = []
    freeze(recording)
    quality = judge_bag(write_bag(tmp_path / "bag", recording.messages()), embodiment=ROBOT)
    assert quality.seconds > 5.0
    assert CheckName.FROZEN_CAMERA in {finding.check for finding in quality.findings}


def test_a_bag_whose_trial_never_began_is_bad(tmp_path: Path) -> None:
    recording = SyntheticRecording()
    recording.commands = [(T0_NS, "prepare")]
    quality = judge_bag(write_bag(tmp_path / "bag", recording.messages()), embodiment=ROBOT)
    assert [finding.check for finding in quality.findings] == [CheckName.TOO_SHORT]
    assert quality.verdict is Verdict.BAD


def test_a_bag_that_was_cut_off_is_judged_up_to_there(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    bag = BagWriter(folder, TOPICS)
    for topic, receipt_ns, data in SyntheticRecording().messages():
        if receipt_ns < after(3.0):
            bag.write(topic, receipt_ns, data)
    bag.flush()
    bag.abandon()
    quality = judge_bag(folder, embodiment=ROBOT)
    assert (quality.verdict, quality.seconds) == (Verdict.GOOD, pytest.approx(3.0, abs=0.02))


def test_a_bag_that_is_none_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no bag in"):
        judge_bag(tmp_path, embodiment=ROBOT)


def test_setpoints_of_another_robot_are_refused(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", SyntheticRecording(0.5).messages())
    franka = load_embodiment(ROBOTS / "franka.yaml")
    with pytest.raises(SpecError, match=r"setpoints are of joint1, .*; franka has: joint1, .*joint7"):
        judge_bag(bag, embodiment=franka)
