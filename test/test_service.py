"""The control service over a real line, under a clock that the test moves."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from motion_fixtures import START_NS, PerfectRobot, chunk_of, ramp, robot, site

from ros_wam.causes import Cause
from ros_wam.clock import FakeClock
from ros_wam.drivers import robotiq, ur5, ur_dashboard, ur_receiver
from ros_wam.errors import DriverError, RobotStopped
from ros_wam.motion import process
from ros_wam.motion.announced import CONNECT_TIMEOUT_S, RECOVER_TIMEOUT_S, STOP_TIMEOUT_S, AnnouncedDriver
from ros_wam.motion.link import Link, pack_chunk, unpack_record
from ros_wam.motion.loop import build_control_loop
from ros_wam.motion.pace import Pace
from ros_wam.motion.report import waiting_status
from ros_wam.motion.service import ControlService

UR5 = robot()
HOME = UR5.home_position


@dataclass
class Rig:
    clock: FakeClock
    robot: PerfectRobot
    service: ControlService
    theirs: Link
    pace: Pace

    def run(self, ticks: int = 1) -> list[tuple[str, Any]]:
        heard = []
        for _ in range(ticks):
            self.pace.wait()
            self.service.cycle()
            heard += self.theirs.receive()
        return heard

    def send_chunk(self, packed: list[Any]) -> None:
        self.theirs.send("chunk", [packed, self.clock.now_ns()])

    def ask(self, verb: str) -> list[Any]:
        self.theirs.send("request", [1, verb, self.clock.now_ns()])
        return next(content for kind, content in self.run() if kind == "answer")[1:]

    def followed(self) -> int | None:
        """The chunk whose first setpoint was sent."""
        followed = self.service._report._followed
        return None if followed is None else followed.chunk

    def status(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = [content for kind, content in self.run(15) if kind == "status"]
        return found[-1]


@pytest.fixture
def rig() -> Iterator[Rig]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    clock = FakeClock(START_NS)
    link, other = Link(ours), Link(theirs)
    perfect = PerfectRobot(UR5, clock)
    pace = Pace(clock, UR5.period_s)
    driver = AnnouncedDriver(perfect, lambda seconds: link.send("busy", seconds))
    service = ControlService(build_control_loop(UR5, driver, site()), link, pace, "as in a test")
    yield Rig(clock, perfect, service, other, pace)
    link.close()
    other.close()


def test_every_tick_is_in_a_batch_of_20_ms(rig: Rig) -> None:
    batches = [content for kind, content in rig.run(500) if kind == "records"]
    sequence = [unpack_record(record).sequence for batch in batches for record in batch]
    assert sequence == list(range(len(sequence)))
    assert np.mean([len(batch) for batch in batches]) == pytest.approx(2.5, abs=0.1)
    assert {len(batch) for batch in batches[1:]} <= {1, 2, 3, 4}


def test_a_batch_and_a_status_do_not_come_with_the_same_tick(rig: Rig) -> None:
    together = [{kind for kind, _ in rig.run()} >= {"records", "status"} for _ in range(500)]
    assert sum(together[1:]) == 0


def test_the_status_comes_ten_times_a_second_and_with_every_new_mode(rig: Rig) -> None:
    assert len([kind for kind, _ in rig.run(125) if kind == "status"]) in range(9, 12)
    rig.theirs.send("request", [7, "policy", rig.clock.now_ns()])
    heard = rig.run()
    assert ("answer", [7, True, "POLICY"]) in heard
    assert [content["mode"] for kind, content in heard if kind == "status"] == ["POLICY"]


def test_enable_chunk_and_teleop_reach_the_loop(rig: Rig) -> None:
    rig.run(3)
    assert rig.ask("policy") == [True, "POLICY"]
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    rig.send_chunk(pack_chunk(chunk_of(ramp(HOME, HOME + 0.05), rig.clock.now_ns())))
    rig.run(9)
    assert not np.array_equal(rig.robot.position, HOME)
    status = rig.status()
    assert status["chunks"] == {"accepted": 1, "reanchored": 1, "refused": 0}
    assert status["realtime"] == "as in a test"
    rig.theirs.send("enable", [False, rig.clock.now_ns()])
    assert rig.status()["gate"] == Cause.ENABLE_LOST.value
    assert rig.ask("teleop") == [True, "TELEOP"]
    rig.theirs.send("teleop", [rig.clock.now_ns(), HOME.tolist()])
    assert not [content for kind, content in rig.run(3) if kind == "refused"]


def test_what_is_refused_is_told_and_counted(rig: Rig) -> None:
    rig.run(3)
    rig.send_chunk(pack_chunk(chunk_of(ramp(HOME, HOME), rig.clock.now_ns())))
    broken = pack_chunk(chunk_of(ramp(HOME, HOME), rig.clock.now_ns()))
    broken[5][0][0] = float("nan")
    rig.send_chunk(broken)
    refused = [content for kind, content in rig.run() if kind == "refused"]
    assert "wrong_mode" in refused[0]
    assert "not finite" in refused[1]
    assert rig.status()["chunks"]["refused"] == 2


def test_interventions_are_counted_by_limit(rig: Rig) -> None:
    rig.run(3)
    rig.ask("policy")
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    rig.send_chunk(pack_chunk(chunk_of(ramp(HOME, HOME + 0.1), rig.clock.now_ns())))
    rig.run(2)
    rig.service._loop._smoother.reset(HOME + 0.5, np.zeros(7))
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    rig.run(1)
    assert rig.status()["interventions"]["VELOCITY"] > 0


def test_requests_are_answered_also_when_they_fail(rig: Rig) -> None:
    rig.run(3)
    assert rig.ask("home") == [True, "HOMING"]
    assert rig.ask("hold") == [True, "HOLD"]
    rig.robot.failure = RobotStopped("protective stop")
    heard = rig.run()
    assert ("busy", STOP_TIMEOUT_S) in heard
    assert rig.ask("policy")[0] is False
    rig.robot.recover_failure = DriverError("still pressed")
    assert rig.ask("recover") == [False, "still pressed"]
    rig.robot.recover_failure = None
    rig.theirs.send("request", [1, "recover", rig.clock.now_ns()])
    heard = rig.run()
    assert heard[:2] == [("busy", RECOVER_TIMEOUT_S), ("answer", [1, True, "HOLD"])]


def test_a_lost_robot_is_connected_to_anew(rig: Rig) -> None:
    rig.run(3)
    rig.robot.failure = DriverError("connection reset")
    rig.run()
    status = rig.status()
    assert (status["mode"], status["cause"], status["state_age_ms"]) == ("FAULT", "driver_lost", None)
    rig.robot.failure = None
    rig.theirs.send("request", [1, "recover", rig.clock.now_ns()])
    assert ("busy", CONNECT_TIMEOUT_S) in rig.run()
    assert rig.status()["mode"] == "HOLD"


def test_after_a_slow_recovery_the_tick_is_of_its_own_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.run(3)
    rig.robot.failure = RobotStopped("protective stop")
    rig.run()
    rig.robot.failure = None
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    monkeypatch.setattr(rig.robot, "recover", lambda: rig.clock.advance_ns(20_000_000_000))
    rig.theirs.send("request", [1, "recover", rig.clock.now_ns()])
    heard = rig.run()
    statuses = [content for kind, content in heard if kind == "status"]
    records = [unpack_record(record) for kind, content in heard if kind == "records" for record in content]
    assert records[-1].stamp_ns == rig.clock.now_ns()
    assert (statuses[-1]["mode"], statuses[-1]["enabled"]) == ("HOLD", False)
    assert (records[-1].late_ns, statuses[-1]["active"], statuses[-1]["late_ms"]["max"]) == (0, [], 0.0)


def test_a_tick_that_overran_makes_the_next_one_late(rig: Rig) -> None:
    rig.run(3)
    rig.clock.advance_ns(96_000_000)  # the work of the last
    heard = rig.run(5)
    status = next(content for kind, content in heard if kind == "status" and content["active"])
    assert status["active"][0]["cause"] == Cause.TICK_LATE.value
    assert status["late_ms"]["max"] == 88.0
    records = [unpack_record(record) for kind, content in heard if kind == "records" for record in content]
    assert 88_000_000 in [record.late_ns for record in records]


def test_a_driver_gets_to_say_what_failed_before_it_counts_as_hung() -> None:
    program_s, gripper_s = ur5.PROGRAM_TIMEOUT_NS * 1e-9, robotiq.ACTIVATION_TIMEOUT_S + 1.0
    unlock_s = (ur5.UNLOCK_TIMEOUT_NS + ur5._RETRY_NS) * 1e-9
    first_s = 3 * ur5.PORT_TIMEOUT_S + ur_receiver.FIRST_PACKAGE_TIMEOUT_NS * 1e-9
    assert first_s + program_s + gripper_s < CONNECT_TIMEOUT_S
    assert unlock_s + 2 * program_s + gripper_s + 2 * ur_dashboard.TIMEOUT_S < RECOVER_TIMEOUT_S
    assert 3 * ur_dashboard.TIMEOUT_S < STOP_TIMEOUT_S


def test_a_request_of_another_kind_is_refused(rig: Rig) -> None:
    assert rig.ask("fault")[0] is False


def test_who_waits_for_a_robot_says_so() -> None:
    status = waiting_status(Cause.NOT_READY, "connecting")
    assert (status["mode"], status["cause"], status["at_home"]) == ("FAULT", "not_ready", False)


def test_who_waits_for_a_robot_may_be_asked_and_is_still_no_hang() -> None:
    ours, theirs = (Link(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    theirs.send("request", [1, "recover", START_NS])
    process._wait(ours, FakeClock(START_NS), "nothing answers")
    heard = theirs.receive()
    assert [kind for kind, _ in heard[:3]] == ["answer", "status", "busy"]
    assert heard[0] == ("answer", [1, False, "nothing answers"])
    assert heard[-1][0] == "busy"
    ours.close()
    theirs.close()


def test_what_waited_in_the_line_is_not_done_as_if_it_were_asked_now(rig: Rig) -> None:
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    rig.theirs.send("request", [1, "policy", rig.clock.now_ns()])
    rig.theirs.send("request", [2, "hold", rig.clock.now_ns()])
    rig.clock.advance_ns(400_000_000)
    answers = [content for kind, content in rig.run() if kind == "answer"]
    assert answers == [[1, False, "policy was asked 0.4 s ago"], [2, True, "HOLD"]]
    assert rig.status()["enabled"] is False


def test_what_waited_behind_a_slow_recovery_is_not_done(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.run(3)
    rig.robot.failure = RobotStopped("protective stop")
    rig.run()
    rig.robot.failure = None
    monkeypatch.setattr(rig.robot, "recover", lambda: rig.clock.advance_ns(5_000_000_000))
    for number, verb in enumerate(("recover", "policy")):
        rig.theirs.send("request", [number, verb, rig.clock.now_ns()])
    answers = [content for kind, content in rig.run() if kind == "answer"]
    assert answers == [[0, True, "HOLD"], [1, False, "policy was asked 5.0 s ago"]]


def test_a_chunk_is_taken_between_two_ticks(rig: Rig) -> None:
    rig.run(3)
    rig.ask("policy")
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    rig.send_chunk(pack_chunk(chunk_of(ramp(HOME, HOME + 0.05), rig.clock.now_ns())))
    rig.service.listen()
    rig.run()
    assert rig.followed() == 1


def test_a_chunk_that_comes_just_before_a_tick_is_taken_after_it(rig: Rig) -> None:
    rig.run(3)
    rig.ask("policy")
    rig.clock.advance_ns(round(UR5.period_s * 1e9) - 500_000)
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    rig.send_chunk(pack_chunk(chunk_of(ramp(HOME, HOME + 0.05), rig.clock.now_ns())))
    rig.service.listen()
    assert rig.theirs.receive() == []
    rig.run()
    assert rig.followed() is None
    rig.run()
    assert rig.followed() == 1


def test_a_line_that_ends_between_two_ticks_is_left(rig: Rig) -> None:
    rig.theirs.close()
    rig.service.listen()
    assert rig.service._link.closed


def test_what_is_not_known_is_ignored(rig: Rig) -> None:
    rig.theirs.send("greeting", "hello")
    assert {kind for kind, _ in rig.run()} <= {"records", "status"}


def test_a_chunk_that_is_held_is_not_followed_yet(rig: Rig) -> None:
    rig.run(3)
    rig.ask("policy")
    rig.send_chunk(pack_chunk(chunk_of(ramp(HOME, HOME + 0.05), rig.clock.now_ns())))
    rig.run(3)
    assert rig.followed() is None, "without the enable signal it holds"
    rig.theirs.send("enable", [True, rig.clock.now_ns()])
    rig.run(2)
    assert rig.followed() == 1


def test_a_chunk_whose_first_setpoint_is_not_sent_is_not_followed(rig: Rig) -> None:
    rig.run(3)
    rig.ask("policy")
    rig.send_chunk(pack_chunk(chunk_of(ramp(HOME, HOME + 0.05), rig.clock.now_ns())))
    rig.run()
    rig.robot.send_failure = DriverError("connection reset")
    rig.run(2)
    assert rig.status()["mode"] == "FAULT"
    assert rig.followed() is None
