"""The station as a trial sees it over ROS: topics, the robot's services, the recorder's events, and the scene."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.node import Node

from ros_wam import alive, fields
from ros_wam.causes import Cause
from ros_wam.clock import StationClock
from ros_wam.nodes.robot_verb import RobotVerb
from ros_wam.nodes.wiring import Outlets, station_topics, subscribe
from ros_wam.policy.profile import Freshness
from ros_wam.policy.view_freshness import ViewFreshness
from ros_wam.record.cdr import source_stamp_ns
from ros_wam.run_config import RunConfig
from ros_wam.teleop.session import Phase
from ros_wam.topics import Topic, image_topic
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.scene import OperatorScene, Scene, SimScene
from ros_wam.trial.watch import StationWatch
from ros_wam.types import Mode, Stage

AGAIN_NS = 1_000_000_000
MOVING = (Mode.POLICY, Mode.TELEOP, Mode.HOMING)
RECORDER = "recorder_node"
SOURCES = ("policy", "teleop")
JUDGED = ("joint_commands", "setpoints", "setpoint_provenance", "safety_status", "trial_command")
"""What a recording is judged by, beside the pictures and joint states."""


FOLLOWING = (Phase.FOLLOWING.value, Phase.CLUTCHED.value)
OnMessage = Callable[[str, int, bytes], None]


def heard_topics(config: RunConfig) -> dict[str, Topic]:
    """Return the topics of which a RosStation gives every message to `on_message`."""
    topics, views = station_topics(config), config.embodiment().views
    return {name: topics[name] for name in (*map(image_topic, views), "joint_states", *JUDGED)}


class RosStation:
    """A Station; `tick` at 50 Hz, after the trial's own tick."""

    def __init__(self, node: Node, config: RunConfig, on_message: OnMessage | None = None) -> None:
        """`on_message` is given the name, time of receipt and bytes (CDR) of every message of `heard_topics`."""
        self.scene: Scene = SimScene(config.sim_socket) if config.sim else OperatorScene()
        self._clock, self._run_dir, embodiment = StationClock(), config.run_dir, config.embodiment()
        topics = station_topics(config)
        rated = (*map(image_topic, embodiment.views), "joint_states", "safety_status")
        rates_hz = {name: topics[name].rate_hz or 0.0 for name in rated}
        dead = partial(alive.dead, config.run_dir)
        self.watch = StationWatch(embodiment.views, rates_hz, dead, config.policy is not None)
        self.views = ViewFreshness({view: rates_hz[image_topic(view)] for view in embodiment.views}, _freshness(config))
        self._enable = "enable" if config.device is None else "enable_request"
        self._source = "teleop" if config.policy is None else "policy"
        self._outlets = Outlets(node, topics, (self._enable, "trial_command", "trial_event"))
        self._verbs = {verb: RobotVerb(node, verb) for verb in ("recover", "home", "hold", *SOURCES)}
        self._trial: PlannedTrial | None = None
        self._seed: int | None = None
        self._recording, self._recorded, self._enabled = False, False, False
        self._starting, self._homing, self._may_recover, self._stopping = False, False, False, False
        self._safety_ns = self._stop_ns = 0
        self._views = {image_topic(view): view for view in embodiment.views}
        self._teleop: Mapping[str, str] = {}
        self._on_message = on_message or (lambda topic, now_ns, data: None)
        for name in (*map(image_topic, embodiment.views), "joint_states"):
            subscribe(node, topics[name], partial(self._saw, topics[name]), raw=True)
        for name in () if on_message is None else JUDGED:
            subscribe(node, topics[name], partial(self._heard, name), raw=True)
        subscribe(node, topics["safety_status"], self._on_safety)
        subscribe(node, topics["policy_status"], self._on_policy)
        subscribe(node, topics["teleop_status"], self._on_teleop)
        subscribe(node, topics["trial_event"], self._on_event)

    def tick(self, now_ns: int) -> None:
        """Publish the enable signal, and go on asking the robot for what it has not agreed to yet."""
        self._outlets.publish(self._enable, fields.enable(self._enabled))
        self._enabled = False
        if self._homing:
            self._insist_on_homing(now_ns)
        if self._stopping:
            self._insist_on_holding(now_ns)
        for verb in self._verbs.values():
            verb.tick(now_ns)
        if self._starting and self._trial is not None and self._follows():
            self._starting = False
            self._command("start", self._trial)

    def _follows(self) -> bool:
        """Whether the robot follows its source: the control process refuses a policy's chunks before; and a device is
        aligned first, which is no part of a demonstration.
        """
        if self._verbs[self._source].agreed_ns is None:
            return False
        return self._source == "policy" or self._teleop.get("phase") in FOLLOWING

    def _insist_on_homing(self, now_ns: int) -> None:
        """Recover a robot that was in FAULT, and ask again when homing was cut short, by a lost enable signal say.

        What stops a robot on its way home is for a person to see to.
        """
        home, recover = self._verbs["home"], self._verbs["recover"]
        if self.watch.mode is Mode.FAULT and self._may_recover:
            recover.ask()
        if self.watch.mode in (Mode.FAULT, Mode.HOMING):
            self._may_recover = False
        held = self.watch.mode is Mode.HOLD and not self.watch.at_home and not self.watch.no_way_home
        if held and home.agreed_ns is not None and now_ns - home.agreed_ns > AGAIN_NS:
            home.ask()

    def _insist_on_holding(self, now_ns: int) -> None:
        """Ask again of a robot that moves after it agreed to hold: a verb that was given up may still be on its way."""
        hold = self._verbs["hold"]
        if self.watch.mode in MOVING and hold.agreed_ns is not None and now_ns - hold.agreed_ns > AGAIN_NS:
            hold.ask()

    def say(self, event: Mapping[str, Any]) -> None:
        """Publish a `trial_event`."""
        self._outlets.publish("trial_event", fields.json_object(event))

    def close(self) -> None:
        """Withdraw the enable signal and let go of the scene."""
        self._outlets.publish(self._enable, fields.enable(False))
        self.scene.close()

    def reset(self, seed: int) -> None:
        """See Station. What would meet a robot in its midst is laid out by `at_home`, when that is out of the way."""
        self._trial, self._seed = None, seed
        self.watch.begin()
        if not self.scene.robot_first:
            self._lay_out()

    def _lay_out(self) -> None:
        seed, self._seed = self._seed, None
        if seed is not None:
            self.scene.reset(seed)

    def reset_done(self) -> bool:
        """See Station."""
        return self.scene.fault() is None if self.scene.robot_first else self.scene.reset_done()

    def home(self) -> None:
        """See Station. The robot is recovered only now, when nobody's hand is in the scene."""
        self._homing, self._may_recover, self._stopping = True, True, False
        self._verbs["home"].ask()

    def at_home(self) -> bool:
        """See Station."""
        agreed_ns = self._verbs["home"].agreed_ns
        fresh = agreed_ns is not None and self._safety_ns > agreed_ns
        arrived = fresh and self.watch.at_home and self.watch.mode is not Mode.HOMING
        self._homing = self._homing and not arrived
        if arrived:
            self._lay_out()
        return arrived and self.scene.reset_done()

    def not_ready(self) -> str | None:
        """See Station."""
        if not alive.is_alive(self._run_dir, RECORDER):
            return f"{RECORDER} is not running"
        if self._source == "teleop" and self._teleop.get("phase", Phase.LOST.value) == Phase.LOST.value:
            return f"the device is not ready: {self._teleop.get('detail') or 'nothing heard'}"
        return self.watch.not_ready(self._clock.now_ns())

    def prepare(self, trial: PlannedTrial, bag_dir: Path) -> None:
        """See Station."""
        self._trial, self._recording, self._recorded = trial, False, False
        self._command("prepare", trial, bag=str(bag_dir))

    def recording(self) -> bool:
        """See Station."""
        return self._recording

    def start(self) -> None:
        """See Station."""
        self._starting, self._stopping = True, False
        self._verbs[self._source].ask()
        self.watch.running(True)
        self.watch.taken_over(self._source == "teleop")

    def take_over(self) -> None:
        """See Station. A policy that was not told to start yet is told when it gets the robot back."""
        self.watch.taken_over(True)
        self._give_to("teleop")
        self._tell("takeover")

    def hand_back(self) -> None:
        """See Station."""
        self.watch.taken_over(False)
        self._give_to("policy")
        self._tell("handback")

    def _give_to(self, source: str) -> None:
        for name in SOURCES:
            self._verbs[name].give_up()
        self._verbs[source].ask()

    def _tell(self, event: str) -> None:
        trial = "" if self._trial is None else self._trial.trial_id
        self.say({"event": event, "episode": trial, "stamp_ns": self._clock.now_ns()})

    def stop(self) -> None:
        """See Station."""
        self._starting, self._homing, self._stopping = False, False, True
        self.watch.running(False)
        for name in ("recover", "home", *SOURCES):
            self._verbs[name].give_up()
        self._verbs["hold"].ask()
        self._stop_ns = self._clock.now_ns()
        if self._trial is not None:
            self._command("stop", self._trial)

    def stopped(self) -> bool:
        """See Station."""
        held = self.watch.mode is Mode.HOLD and self._safety_ns > self._stop_ns
        closed = self._trial is None or self._recorded or self.watch.record_failure is not None
        return closed and (held or self.watch.mode is Mode.FAULT)

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        """See Station."""
        return self.scene.score()

    def fault(self) -> tuple[Cause, str] | None:
        """See Station."""
        found = self.watch.fault(self._clock.now_ns()) or self.scene.fault()
        refused = [f"robot_node refused {name}: {verb.refusal}" for name, verb in self._verbs.items() if verb.refusal]
        if found is None and self._verbs["home"].refusal:
            return Cause.NOT_READY, "; ".join(refused)
        return found if found is None else (found[0], "; ".join([found[1], *refused]))

    def enable(self) -> None:
        """See Station."""
        self._enabled = True

    def _command(self, verb: str, trial: PlannedTrial, **more: str) -> None:
        command = {"verb": verb, "episode": trial.trial_id, "task": trial.task, "prompt": trial.prompt}
        self._outlets.publish("trial_command", fields.json_object({**command, "seed": trial.seed, **more}))

    def seen(self, now_ns: int) -> Mapping[str, Any]:
        """Return what is known of the station, for people, in JSON types."""
        mode, views = self.watch.mode, self.views.now(now_ns)
        return {
            "mode": None if mode is None else mode.value,
            "latency_ms": self.watch.latency_ms,
            "views": list(views.age_ms),
            "freshness": dict(views.age_ms),
            "skew_ms": views.skew_ms,
            "views_trouble": views.trouble,
            "teleop": dict(self._teleop),
        }

    def _saw(self, topic: Topic, data: bytes) -> None:
        now_ns = self._clock.now_ns()
        self.watch.saw(topic.name, now_ns)
        stamp_ns = source_stamp_ns(topic.type, data)
        if stamp_ns is not None and topic.name in self._views:
            self.views.saw(self._views[topic.name], stamp_ns)
        self._on_message(topic.name, now_ns, data)

    def _heard(self, topic: str, data: bytes) -> None:
        self._on_message(topic, self._clock.now_ns(), data)

    def _on_teleop(self, message: Any) -> None:
        for status in fields.read_diagnostics(message)[1]:
            self._teleop = {name: str(value) for name, value in status.values.items()}

    def _on_safety(self, message: Any) -> None:
        self._safety_ns = self._clock.now_ns()
        self.watch.saw("safety_status", self._safety_ns)
        for status in fields.read_diagnostics(message)[1]:
            self.watch.safety({name: str(value) for name, value in status.values.items()})

    def _on_policy(self, message: Any) -> None:
        for status in fields.read_diagnostics(message)[1]:
            self.watch.policy({name: str(value) for name, value in status.values.items()})

    def _on_event(self, message: Any) -> None:
        event = fields.read_json_object(message)
        if self._trial is not None and event.get("episode") == self._trial.trial_id:
            self._recording = self._recording or event.get("event") == "recording"
            self._recorded = self._recorded or event.get("event") == "recorded"
            self.watch.recorder(event)


def _freshness(config: RunConfig) -> Freshness:
    """Return what the views must keep to: what the policy asks for, where there is one."""
    return Freshness() if config.policy is None else config.profile().freshness
