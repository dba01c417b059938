"""What a station's topics and processes say: what is missing, and which cause each fault has."""

import pytest

from ros_wam.causes import Cause
from ros_wam.ladder import TRIAL_GRACE_S
from ros_wam.topics import image_topic
from ros_wam.trial.watch import StationWatch

RATES_HZ = {image_topic("wrist"): 30.0, image_topic("global"): 30.0, "joint_states": 125.0, "safety_status": 10.0}
S = 1_000_000_000


class World:
    """A healthy station, but for what a test takes away; `run` lets time pass."""

    def __init__(self) -> None:
        self.now_ns = 100 * S
        self.dead: list[str] = []
        self.muted: set[str] = set()
        self.safety = {"mode": "HOLD", "cause": "", "detail": "", "at_home": "true"}
        self.policy = {"state": "ready", "cause": "", "detail": ""}
        self.watch = StationWatch(("wrist", "global"), RATES_HZ, lambda: self.dead)
        self.run(2.0)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 1000)):
            self.now_ns += 1_000_000
            ms = self.now_ns // 1_000_000
            for topic, rate_hz in RATES_HZ.items():
                if topic not in self.muted and ms % round(1000 / rate_hz) == 0:
                    self.watch.saw(topic, self.now_ns)
            if ms % 100 == 0 and "safety_status" not in self.muted:
                self.watch.safety(self.safety)
                self.watch.policy(self.policy)

    def start(self) -> None:
        self.safety["mode"] = "POLICY"
        self.policy["state"] = "running"
        self.watch.running(True)
        self.run(0.5)

    def watched(self, seconds: float) -> tuple[Cause, str] | None:
        """Return the first fault of this time, asked for as a trial asks."""
        for _ in range(round(seconds * 20)):
            self.run(0.05)
            fault = self.watch.fault(self.now_ns)
            if fault is not None:
                return fault
        return None

    @property
    def cause(self) -> Cause | None:
        fault = self.watch.fault(self.now_ns)
        return None if fault is None else fault[0]


def test_a_healthy_station_is_ready_and_not_broken() -> None:
    world = World()
    assert world.watch.not_ready(world.now_ns) is None
    world.start()
    world.run(20.0)
    assert world.cause is None


def test_what_is_missing_is_named() -> None:
    world = World()
    world.muted = {image_topic("wrist")}
    world.run(2.0)
    missing = world.watch.not_ready(world.now_ns)
    assert missing == "wrist/image/compressed comes at 0 Hz, expected 30 Hz"
    world.policy.update(state="disconnected", detail="no connection to ws://127.0.0.1:8000")
    world.run(0.2)
    assert "no connection to ws://127.0.0.1:8000" in str(world.watch.not_ready(world.now_ns))
    world.safety.update(mode="FAULT", cause="protective_stop", detail="C153A0")
    world.run(0.2)
    assert "FAULT (protective_stop): C153A0" in str(world.watch.not_ready(world.now_ns))
    world.dead = ["camera_node_wrist"]
    assert world.watch.not_ready(world.now_ns) == "camera_node_wrist has ended"


def test_a_station_that_has_said_nothing_is_not_ready() -> None:
    watch = StationWatch(("wrist",), RATES_HZ, list)
    assert watch.not_ready(0) == "the robot has not said its mode"
    fault = watch.fault(0)
    assert fault is not None and fault[0] is Cause.CAMERA_STALE


@pytest.mark.parametrize(
    ("topic", "cause"),
    [
        (image_topic("wrist"), Cause.CAMERA_STALE),
        (image_topic("global"), Cause.CAMERA_STALE),
        ("joint_states", Cause.STATE_STALE),
        ("safety_status", Cause.STATE_STALE),
    ],
)
def test_silence_has_a_cause(topic: str, cause: Cause) -> None:
    world = World()
    world.start()
    world.muted = {topic}
    world.run(0.8)
    assert world.cause is None
    world.run(0.4)
    assert world.cause is cause
    fault = world.watch.fault(world.now_ns)
    assert fault is not None and "silent for 1." in fault[1]


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("camera_node_wrist", Cause.PROCESS_DIED),
        ("policy_node", Cause.PROCESS_DIED),
        ("policy_server", Cause.POLICY_UNREACHABLE),
        ("sim_node", Cause.SIMULATION_FAILED),
        ("robot_node", Cause.CONTROL_PROCESS_DIED),
    ],
)
def test_a_dead_process_has_a_cause_and_a_name(name: str, cause: Cause) -> None:
    world = World()
    world.start()
    world.dead = [name]
    assert world.watch.fault(world.now_ns) == (cause, f"{name} has ended")


@pytest.mark.parametrize(
    ("dead", "cause", "detail"),
    [
        (["camera_node_wrist", "control_process"], Cause.CONTROL_PROCESS_DIED, "control_process, camera_node_wrist"),
        (
            ["control_process", "robot_node", "sim_node"],
            Cause.SIMULATION_FAILED,
            "sim_node, robot_node, control_process",
        ),
    ],
)
def test_the_death_that_brings_others_about_names_the_cause(dead: list[str], cause: Cause, detail: str) -> None:
    world = World()
    world.dead = dead
    assert world.watch.fault(world.now_ns) == (cause, f"{detail} has ended")


@pytest.mark.parametrize("cause", [Cause.POLICY_TIMEOUT, Cause.POLICY_UNREACHABLE, Cause.CAMERA_SKEWED])
def test_a_failed_policy_has_the_cause_it_says(cause: Cause) -> None:
    world = World()
    world.start()
    world.policy.update(state="failed", cause=cause.value, detail="no answer within 2 s")
    world.run(0.2)
    assert world.watch.fault(world.now_ns) == (cause, "no answer within 2 s")


def test_a_control_process_that_died_is_told_in_the_words_of_robot_node() -> None:
    world = World()
    world.start()
    world.dead = ["control_process"]
    assert world.cause is None
    world.safety |= {"mode": "FAULT", "cause": "control_process_died", "detail": "ur_rtde was killed by SIGSEGV"}
    world.run(0.2)
    told = (Cause.CONTROL_PROCESS_DIED, "the robot is in FAULT: ur_rtde was killed by SIGSEGV")
    assert world.watch.fault(world.now_ns) == told
    world.run(2.0)
    assert world.watch.fault(world.now_ns) == told


def test_a_control_process_of_which_nobody_tells_is_dead_all_the_same() -> None:
    world = World()
    world.start()
    world.dead = ["control_process"]
    assert world.cause is None
    world.run(0.6)
    assert world.watch.fault(world.now_ns) == (Cause.CONTROL_PROCESS_DIED, "control_process has ended")


@pytest.mark.parametrize("cause", [Cause.PROTECTIVE_STOP, Cause.DRIVER_LOST, Cause.CONTROL_PROCESS_DIED])
def test_a_robot_in_fault_has_the_cause_it_says(cause: Cause) -> None:
    world = World()
    world.start()
    world.safety.update(mode="FAULT", cause=cause.value)
    world.run(0.2)
    assert world.cause is cause


@pytest.mark.parametrize("cause", [Cause.STATE_STALE, Cause.ENABLE_LOST])
def test_a_gate_that_stays_closed_is_a_fault_a_hiccup_is_not(cause: Cause) -> None:
    world = World()
    world.start()
    for _ in range(5):
        world.safety["cause"] = cause.value
        world.run(TRIAL_GRACE_S * 0.5)
        assert world.cause is None
        world.safety["cause"] = ""
        world.run(0.3)
        assert world.cause is None
    world.safety["cause"] = cause.value
    world.run(0.2)
    assert world.cause is None
    world.run(TRIAL_GRACE_S + 0.1)
    assert world.cause is cause


@pytest.mark.parametrize("cause", [Cause.SOURCE_STALE, Cause.WORKSPACE, Cause.CONTACT_FORCE])
def test_what_the_policy_brings_about_itself_is_no_fault(cause: Cause) -> None:
    world = World()
    world.start()
    world.safety["cause"] = cause.value
    for _ in range(10):
        world.run(0.5)
        assert world.cause is None


def test_a_contact_that_goes_on_until_the_robot_stops_is_told() -> None:
    world = World()
    world.start()
    world.safety.update(mode="FAULT", cause="contact_force", detail="60 N at the tool")
    world.run(0.2)
    assert world.watch.fault(world.now_ns) == (Cause.CONTACT_FORCE, "the robot is in FAULT: 60 N at the tool")


def test_a_way_home_that_is_not_free_is_told() -> None:
    world = World()
    world.safety.update(mode="HOLD", cause="no_way_home", detail="the gripper would touch the table")
    world.run(0.2)
    said = "the robot does not move home: the gripper would touch the table"
    assert world.watch.fault(world.now_ns) == (Cause.NO_WAY_HOME, said)


@pytest.mark.parametrize(
    ("mode", "said", "cause"),
    [
        ("HOLD", "", Cause.ENABLE_LOST),
        ("TELEOP", "", Cause.OPERATOR_STOP),
        ("TELEOP", "leader_lost", Cause.LEADER_LOST),
    ],
)
def test_a_robot_that_someone_else_has_is_a_fault(mode: str, said: str, cause: Cause) -> None:
    world = World()
    world.start()
    world.safety.update(mode=mode, cause=said)
    world.run(0.2)
    assert world.cause is None
    world.run(TRIAL_GRACE_S + 0.1)
    assert world.cause is cause


def test_a_recorder_that_fails_spoils_this_trial_only() -> None:
    world = World()
    world.watch.recorder({"event": "record_failed", "detail": "no space left on device"})
    assert world.watch.fault(world.now_ns) == (Cause.RECORD_FAILED, "no space left on device")
    world.watch.begin()
    assert world.cause is None


@pytest.mark.parametrize("cause", ["", "leader_lost", "enable_lost", "workspace"])
def test_a_robot_that_was_taken_over_may_hold_as_long_as_the_operator_likes(cause: str) -> None:
    world = World()
    world.start()
    world.watch.taken_over(True)
    world.run(0.1)
    world.safety.update(mode="TELEOP", cause=cause)
    assert world.watched(5.0 + TRIAL_GRACE_S) is None
    world.watch.taken_over(False)
    world.safety.update(mode="POLICY", cause="")
    assert world.watched(5.0 + TRIAL_GRACE_S) is None


def test_a_takeover_or_hand_back_that_the_robot_does_not_obey_ends_the_trial() -> None:
    world = World()
    world.start()
    world.watch.taken_over(True)
    world.safety.update(mode="HOLD")
    said = world.watched(TRIAL_GRACE_S + 0.2)
    assert said is not None and "does not follow the device" in said[1]
    back = World()
    back.start()
    back.watch.taken_over(True)
    back.safety.update(mode="TELEOP")
    assert back.watched(1.0) is None
    back.watch.taken_over(False)
    said = back.watched(TRIAL_GRACE_S + 0.2)
    assert said is not None and said[0] is Cause.OPERATOR_STOP


def test_a_fault_ends_a_trial_that_was_taken_over() -> None:
    world = World()
    world.start()
    world.watch.taken_over(True)
    world.safety.update(mode="FAULT", cause="protective_stop")
    world.run(0.2)
    assert world.cause is Cause.PROTECTIVE_STOP


def test_what_needs_no_policy_is_ready_without_one() -> None:
    world = World()
    world.watch = StationWatch(("wrist", "global"), RATES_HZ, lambda: world.dead, needs_policy=False)
    world.policy = {}
    world.run(2.0)
    assert world.watch.not_ready(world.now_ns) is None
