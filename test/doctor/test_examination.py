"""The order of an examination."""

from ros_wam.doctor.examination import MEASURE_S, SETTLE_S, WAIT_S, Examination, Phase
from ros_wam.doctor.listening import ROBOT, Listening

SECOND = 1_000_000_000


def at(seconds: float) -> int:
    return round(seconds * SECOND)


def complete() -> Listening:
    listening = Listening(("wrist",))
    listening.came("wrist", 1, 1)
    listening.came(ROBOT, 1, 1)
    return listening


def test_a_complete_station_settles_and_is_measured() -> None:
    listening = complete()
    examination = Examination(listening, 0)
    assert not examination.enabling
    assert examination.tick(at(0.1)) is Phase.SETTLING
    assert examination.tick(at(0.1 + SETTLE_S) - 1) is Phase.SETTLING
    assert listening.began_ns is None
    assert examination.tick(at(0.1 + SETTLE_S)) is Phase.MEASURING
    assert listening.began_ns == at(0.1 + SETTLE_S)
    assert examination.enabling
    assert examination.tick(at(0.1 + SETTLE_S + MEASURE_S)) is Phase.ASKING
    assert not examination.enabling


def test_what_is_waited_for_is_told_and_has_a_limit() -> None:
    examination = Examination(Listening(("wrist",)), 0)
    assert examination.tick(at(WAIT_S) - 1) is Phase.WAITING
    assert examination.detail() == "waiting for the station: pictures of wrist, the robot's state"
    assert examination.tick(at(WAIT_S)) is Phase.SETTLING
    assert examination.detail() == "letting it settle"


def test_it_ends_when_the_policy_has_been_asked() -> None:
    examination = Examination(complete(), 0)
    for seconds in (0.0, 1.0, 10.0, 20.0):
        assert examination.tick(at(seconds)) is not Phase.DONE
    assert examination.tick(at(25.0)) is Phase.ASKING
    examination.asked = True
    assert examination.tick(at(25.1)) is Phase.DONE
