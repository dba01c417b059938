"""The line to the control process: what goes in comes out, and nobody ever waits."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from motion_fixtures import START_NS, chunk_of, ramp, robot, state_at

from ros_wam.causes import Cause, Limit
from ros_wam.errors import SpecError
from ros_wam.motion.link import Link, pack_chunk, pack_record, unpack_chunk, unpack_record
from ros_wam.types import Command, Intervention, Mode, Provenance, SafetyVerdict, StepRecord, Target

HOME = robot().home_position


@pytest.fixture
def ends() -> Iterator[tuple[Link, Link]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield Link(ours), Link(theirs)


def test_messages_arrive_whole_and_in_order(ends: tuple[Link, Link]) -> None:
    ours, theirs = ends
    ours.send("enable", True)
    ours.send("request", [1, "hold"])
    assert theirs.receive() == [("enable", True), ("request", [1, "hold"])]
    assert theirs.receive() == []
    assert ours.fileno() != theirs.fileno()


def test_waiting_ends_with_a_message_or_with_the_line(ends: tuple[Link, Link]) -> None:
    ours, theirs = ends
    assert theirs.wait(0.0) is False
    ours.send("enable", True)
    assert theirs.wait(1.0) is True
    theirs.receive()
    ours.close()
    assert theirs.wait(1.0) is True
    theirs.receive()
    assert theirs.wait(1.0) is False


def test_what_does_not_fit_is_dropped_and_counted(ends: tuple[Link, Link]) -> None:
    ours, theirs = ends
    for k in range(400):
        ours.send("records", "x" * 50_000 + str(k))
    arrived = len(theirs.receive())
    assert ours.dropped == 400 - arrived > 0
    ours.send("enable", False)
    assert theirs.receive() == [("enable", False)]


@pytest.mark.parametrize("ending", ["shut", "close"])
def test_the_end_of_the_line_is_seen(ends: tuple[Link, Link], ending: str) -> None:
    ours, theirs = ends
    ours.send("enable", True)
    getattr(ours, ending)()
    assert theirs.receive() == [("enable", True)]
    assert theirs.closed
    theirs.send("status", {})
    assert theirs.dropped == 1
    theirs.shut()
    theirs.close()
    theirs.shut()
    assert theirs.receive() == []


def test_a_broken_line_is_an_ended_one(ends: tuple[Link, Link]) -> None:
    ours, _ = ends
    ours.close()
    ours.closed = False
    assert ours.receive() == []
    assert ours.closed


def test_chunks_come_back_as_they_were() -> None:
    chunk = chunk_of(ramp(HOME, HOME + 0.1), START_NS, observation_ns=START_NS - 7)
    back = unpack_chunk(pack_chunk(chunk))
    assert (back.t0_ns, back.dt_s, back.observation_stamp_ns) == (START_NS, chunk.dt_s, START_NS - 7)
    np.testing.assert_array_equal(back.positions, chunk.positions)
    broken = pack_chunk(chunk)
    broken[5][0][0] = float("nan")
    with pytest.raises(SpecError, match="not finite"):
        unpack_chunk(broken)


@pytest.mark.parametrize("bare", [True, False])
def test_records_come_back_as_they_were(bare: bool) -> None:
    command = Command(START_NS, HOME)
    interventions = () if bare else (Intervention(Limit.VELOCITY, "joint1", 3.0, 2.0),)
    record = StepRecord(
        sequence=4,
        stamp_ns=START_NS,
        mode=Mode.POLICY,
        state=None if bare else replace(state_at(HOME, START_NS - 1), tool_force_n=np.array([7.5])),
        target=None if bare else Target(HOME + 0.1, HOME * 0, Provenance(1, 2, 3, 4, True)),
        desired=Command(START_NS, HOME + 0.2),
        verdict=SafetyVerdict(command, Cause.ENABLE_LOST if bare else None, interventions),
        sent=Command(START_NS, HOME * np.nan),
        late_ns=70_000,
    )
    back = unpack_record(pack_record(record))
    assert (back.sequence, back.stamp_ns, back.mode, back.late_ns) == (4, START_NS, Mode.POLICY, 70_000)
    assert (back.verdict.cause, back.verdict.interventions) == (record.verdict.cause, interventions)
    np.testing.assert_array_equal(back.desired.position, record.desired.position)
    np.testing.assert_array_equal(back.sent.position, record.sent.position)
    assert (back.state is None) == (back.target is None) == bare
    if back.state is not None and back.target is not None and record.target is not None:
        assert (back.state.stamp_ns, back.state.tool_force_n.tolist()) == (START_NS - 1, [7.5])
        assert back.target.provenance == record.target.provenance
        np.testing.assert_array_equal(back.target.position, record.target.position)


def test_a_message_that_is_too_long_is_dropped_and_the_line_stays(ends: tuple[Link, Link]) -> None:
    ours, theirs = ends
    ours.send("chunk", "x" * ((1 << 20) - 100))
    ours.send("chunk", "x" * (1 << 20))
    assert (ours.dropped + len(theirs.receive()), ours.closed) == (2, False)
    ours.send("enable", True)
    assert theirs.receive() == [("enable", True)]
