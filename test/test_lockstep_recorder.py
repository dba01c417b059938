"""The bag of a lockstep trial: pictures that are still being drawn keep their place, and the end waits for them."""

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from sim_run import ur5_run

from ros_wam.calibration import load_view
from ros_wam.record.bag_reader import BagReader
from ros_wam.sim.lockstep_recorder import _MOST_WAITING, LockstepRecorder
from ros_wam.trial.plan import make_plan
from ros_wam.types import Command

HOME = np.zeros(7)


@pytest.fixture
def recorder(tmp_path: Path) -> LockstepRecorder:
    """It records a trial."""
    run = ur5_run(tmp_path)
    calibrations = {"wrist": load_view(run.calibration, "wrist")}
    opened = LockstepRecorder(run, run.embodiment(), calibrations)
    names = {"robot": "ur5", "task": "none", "policy": "teleop", "prompt": "tidy up"}
    (planned,) = make_plan(**names, time_limit_s=1.0, trials=1, seed=0)
    opened.start(planned, tmp_path / "trial" / "bag", 1)
    return opened


def topics(tmp_path: Path) -> list[str]:
    with BagReader(tmp_path / "trial" / "bag") as bag:
        return [raw.topic for raw in bag.raw_messages(["wrist/image/compressed", "teleop_command"])]


def test_a_late_picture_keeps_its_place(recorder: LockstepRecorder, tmp_path: Path) -> None:
    late: Future[bytes] = Future()
    recorder.add_teleop_command(Command(1, HOME))
    recorder.add_pictures({"wrist": late}, 2)
    recorder.add_teleop_command(Command(2, HOME))
    late.set_result(b"picture")
    recorder.add_teleop_command(Command(3, HOME))
    recorder.stop()
    assert topics(tmp_path) == ["teleop_command", "wrist/image/compressed", "teleop_command", "teleop_command"]


class Drawn(Future[bytes]):
    """A picture that is ready when somebody waits for it, and not before."""

    def result(self, timeout: float | None = None) -> bytes:
        if not self.done():
            self.set_result(b"picture")
        return super().result(timeout)


def test_the_end_waits_for_pictures(recorder: LockstepRecorder, tmp_path: Path) -> None:
    recorder.add_pictures({"wrist": Drawn()}, 2)
    recorder.add_teleop_command(Command(3, HOME))
    recorder.stop()
    assert not recorder.is_open
    assert topics(tmp_path) == ["wrist/image/compressed", "teleop_command"]


def test_no_more_than_so_many_messages_wait_for_a_picture(recorder: LockstepRecorder) -> None:
    picture = Drawn()
    recorder.add_pictures({"wrist": picture}, 2)
    for k in range(_MOST_WAITING - 1):
        recorder.add_teleop_command(Command(3 + k, HOME))
    assert not picture.done()
    recorder.add_teleop_command(Command(3 + _MOST_WAITING, HOME))
    assert picture.done()
    recorder.stop()
