"""What the control benchmark reads from recorded ticks."""

import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ros_wam import fields
from ros_wam.bench import bare_loop, recorded_station
from ros_wam.bench.control import control_figures, lateness_row, read_realtime, read_ticks, while_recorded
from ros_wam.clock import OFFSET_VARIABLE, StationClock
from ros_wam.errors import ConfigError, TrialError
from ros_wam.fields import Diagnostic, Level, SetpointProvenance
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import topic_table
from ros_wam.types import Command, Mode, SafetyVerdict, StepRecord

PERIOD_NS = 2_000_000
NONE_LATE = [np.array([[0, 0], [PERIOD_NS, 0]])]
OFFSET_NS = 10**18


def ticks(stamp_ns: NDArray[np.int64], late_ns: int = 0, first: int = 10) -> SetpointProvenance:
    columns = {name: np.zeros(len(stamp_ns), np.int64) for name in fields.PROVENANCE_COLUMNS}
    sequence = np.arange(first, first + len(stamp_ns))
    return SetpointProvenance(
        **{**columns, "sequence": sequence, "stamp_ns": stamp_ns, "late_ns": np.full(len(stamp_ns), late_ns)}
    )


def test_the_rate_counts_ticks_by_their_numbers() -> None:
    whole = ticks(np.arange(501) * PERIOD_NS)
    with_a_gap = np.delete(np.arange(501), 100) * PERIOD_NS
    gap = SetpointProvenance(**{**vars(ticks(with_a_gap)), "sequence": np.delete(np.arange(501), 100)})
    figures = control_figures([whole, gap], NONE_LATE, 0.002)
    assert figures["achieved_hz"] == pytest.approx(500.0)
    assert figures["measured_s"] == pytest.approx(2.0)
    assert figures["catch_up_bursts"] == 0.0
    slow = ticks(np.arange(501) * PERIOD_NS * 2)
    assert control_figures([whole, slow], NONE_LATE, 0.002)["achieved_hz"] == pytest.approx(1000 / 3)


def test_two_ticks_within_half_a_period_are_a_burst() -> None:
    stamps = np.arange(50) * PERIOD_NS
    stamps[20] += 1_100_000
    stamps[30] += 900_000
    assert control_figures([ticks(stamps)], NONE_LATE, 0.002)["catch_up_bursts"] == 1.0


def test_lateness_is_told_beside_that_of_a_bare_loop() -> None:
    due_ns = np.array([0, 1, 2, 4, 5]) * PERIOD_NS  # one was missed
    bare = np.column_stack([due_ns, np.full(5, 100_000)])
    figures = control_figures([ticks(np.arange(9) * PERIOD_NS, late_ns=200_000)], [bare, bare], 0.002)
    assert figures["p99_lateness_ms"] == pytest.approx(0.2)
    assert figures["bare_p99_lateness_ms"] == pytest.approx(0.1)
    assert (figures["achieved_hz"], figures["bare_achieved_hz"]) == (pytest.approx(500.0), pytest.approx(400.0))
    row = lateness_row("bare loop", np.arange(1001) * 1000)
    assert (row["ticks"], row["p50_ms"], row["p99_ms"], row["p99_9_ms"], row["max_ms"]) == (1001, 0.5, 0.99, 0.999, 1.0)


def test_of_the_bare_loop_only_what_was_due_while_a_bag_was_recorded_counts() -> None:
    bags = [ticks(np.arange(first, first + 6) * 10) for first in (2, 9)]  # 20 to 70, and 90 to 140
    due_ns = np.array([0, 19, 20, 45, 70, 71, 80, 90, 140, 150])
    told = np.column_stack([due_ns, 1000 + due_ns])
    assert [each[:, 1].tolist() for each in while_recorded(told, bags)] == [[1020, 1045, 1070], [1090, 1140]]
    assert [each[:, 0].tolist() for each in while_recorded(told[:4], bags)] == [[20, 45]]
    with pytest.raises(TrialError, match="none of the bare loop's 2 ticks"):
        while_recorded(told[:2], bags)


def record_of(sequence: int) -> StepRecord:
    command = Command(sequence * PERIOD_NS, np.zeros(2))
    verdict = SafetyVerdict(command, None)
    return StepRecord(sequence, command.stamp_ns, Mode.HOLD, None, None, command, verdict, command, 7)


def write_bag(folder: Path, batches: Sequence[Sequence[int]], said: Sequence[dict[str, str]]) -> None:
    topics = topic_table({}, 500.0)
    with BagWriter(folder, topics) as writer:
        for batch in batches:
            message = fields.setpoint_provenance([record_of(k) for k in batch], ("joint1", "gripper"))
            writer.write("setpoint_provenance", 0, serialize(topics["setpoint_provenance"].type, message))
        for values in said:
            status = fields.diagnostics(0, Diagnostic("robot_node", Level.OK, "", values))
            writer.write("safety_status", 0, serialize(topics["safety_status"].type, status))


def test_ticks_and_what_was_granted_are_read_from_the_bag(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", [(4, 5), (6,)], [{}, {"realtime": "SCHED_FIFO 60, memory locked"}])
    found = read_ticks(tmp_path / "bag")
    assert found.sequence.tolist() == [4, 5, 6]
    assert found.late_ns.tolist() == [7, 7, 7]
    assert read_realtime(tmp_path / "bag").startswith("SCHED_FIFO")


def test_a_bag_without_ticks_is_no_measurement(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", [], [])
    assert read_realtime(tmp_path / "bag") == ""
    with pytest.raises(TrialError, match="no control tick"):
        read_ticks(tmp_path / "bag")


@pytest.mark.parametrize("module", ["rclpy", "rtde_control"])
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == module else object())
    with pytest.raises(ConfigError, match=module):
        recorded_station.require_station()


@pytest.mark.slow
def test_the_bare_loop_tells_what_it_measured_or_that_it_could_not() -> None:
    with bare_loop.bare_loop(500.0) as loop:
        loop.start({OFFSET_VARIABLE: str(OFFSET_NS)})
        assert loop._process is not None
        loop._process.send_signal(signal.SIGKILL)
        with pytest.raises(TrialError, match="status -9"):
            loop.end()
    with bare_loop.bare_loop(500.0) as loop:
        loop.start({OFFSET_VARIABLE: str(OFFSET_NS)})
        loop.end()
        assert loop.ticks_ns.shape[1] == 2
        assert (loop.ticks_ns[:, 1] >= 0).all()
        since_ns = StationClock(OFFSET_NS).now_ns() - loop.ticks_ns[:, 0]
        assert ((since_ns > 0) & (since_ns < 600 * 10**9)).all()  # on the station's clock
    with bare_loop.bare_loop(500.0) as loop:
        loop.start({OFFSET_VARIABLE: str(OFFSET_NS)})
    assert loop._process is not None
    assert loop._process.returncode == -9
