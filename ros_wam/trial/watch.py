"""What is known of a station from its topics and processes, and what that says: is it ready, is it broken."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ros_wam.causes import Cause
from ros_wam.ladder import TRIAL_GRACE_S
from ros_wam.topics import image_topic
from ros_wam.trial.liveness import Liveness
from ros_wam.trial.outcome import POLICYS_OWN
from ros_wam.types import Mode

LAST_WORDS_NS = 500_000_000
"""How long after the control process `robot_node` has said by which library it died, and how."""
_NO_FAULT = frozenset({"", *(cause.value for cause in POLICYS_OWN)})
_DIED = {  # the culprit first: a control process cannot outlive the simulated robot that it drives
    "sim_node": Cause.SIMULATION_FAILED,
    "robot_node": Cause.CONTROL_PROCESS_DIED,
    "control_process": Cause.CONTROL_PROCESS_DIED,
    "policy_server": Cause.POLICY_UNREACHABLE,
}


class StationWatch:
    """Told of every message; asked by the trial. `dead` returns the names of processes that have died."""

    def __init__(
        self,
        views: Sequence[str],
        rates_hz: Mapping[str, float],
        dead: Callable[[], Sequence[str]],
        needs_policy: bool = True,
    ) -> None:
        self._needs_policy = needs_policy
        self._views = {image_topic(view): view for view in views}
        self._liveness = Liveness(rates_hz)
        self._dead = dead
        self._safety: Mapping[str, str] = {}
        self._policy: Mapping[str, str] = {}
        self.record_failure: str | None = None
        self._running = self._taken_over = False
        self._wrong_since_ns: int | None = None
        self._died_ns: int | None = None

    @property
    def mode(self) -> Mode | None:
        """The robot's mode; None before it has said one."""
        name = self._safety.get("mode")
        return Mode(name) if name in Mode.__members__ else None

    @property
    def at_home(self) -> bool:
        """Whether the robot says that it is at home."""
        return self._safety.get("at_home") == "true"

    @property
    def no_way_home(self) -> bool:
        """Whether the robot says that it does not move home since the way is not free."""
        return self._safety.get("cause") == Cause.NO_WAY_HOME.value

    @property
    def latency_ms(self) -> float | None:
        """How long the newest inference took."""
        text = self._policy.get("latency_ms")
        return float(text) if text else None

    def saw(self, topic: str, now_ns: int) -> None:
        """Note that a message came."""
        self._liveness.saw(topic, now_ns)

    def safety(self, values: Mapping[str, str]) -> None:
        """Note the values of `safety_status`."""
        self._safety = dict(values)

    def policy(self, values: Mapping[str, str]) -> None:
        """Note the values of `policy_status`; those that one message lacks keep their last."""
        self._policy = {**self._policy, **values}

    def recorder(self, event: Mapping[str, Any]) -> None:
        """Note an event of the recorder."""
        if event.get("event") == "record_failed":
            self.record_failure = str(event.get("detail", "no reason given"))

    def begin(self) -> None:
        """A new trial: what was wrong with the last one's recording is past."""
        self.record_failure = self._died_ns = None

    def running(self, runs: bool) -> None:
        """Note whether the policy has the robot."""
        self._running = runs
        self._taken_over = False
        self._wrong_since_ns = None

    def taken_over(self, taken_over: bool) -> None:
        """Note whether a device has the robot: then it holds whenever the operator lets go, which is no fault."""
        self._taken_over = taken_over
        self._wrong_since_ns = None

    def not_ready(self, now_ns: int) -> str | None:
        """Return what is missing before a trial can run, None when nothing is."""
        dead = self._dead()
        if dead:
            return f"{', '.join(dead)} has ended"
        if self.mode is None:
            return "the robot has not said its mode"
        if self.mode is Mode.FAULT:
            return f"the robot is in FAULT ({self._safety.get('cause') or 'no cause given'}): {self._said}"
        if self._needs_policy and self._policy.get("state") != "ready":
            said = self._policy.get("detail") or self._policy.get("state") or "nothing heard"
            return f"the policy is not ready: {said}"
        return self._liveness.too_slow(now_ns)

    def fault(self, now_ns: int) -> tuple[Cause, str] | None:
        """Return what ends a trial now, and the evidence: a fault, or one of `POLICYS_OWN` that stopped the robot."""
        dead = sorted(self._dead(), key=lambda name: [*_DIED, name].index(name))
        if dead and not (dead == ["control_process"] and self._is_told(now_ns)):
            return _DIED.get(dead[0], Cause.PROCESS_DIED), f"{', '.join(dead)} has ended"
        if self.record_failure is not None:
            return Cause.RECORD_FAILED, self.record_failure
        if self._policy.get("state") == "failed" or (
            self._policy.get("state") == "disconnected" and self._policy.get("cause")
        ):
            return _cause(self._policy.get("cause"), Cause.POLICY_UNREACHABLE), self._policy.get("detail", "")
        if self.mode is Mode.FAULT:
            return _cause(self._safety.get("cause"), Cause.DRIVER_LOST), f"the robot is in FAULT: {self._said}"
        if self.no_way_home:
            return Cause.NO_WAY_HOME, f"the robot does not move home: {self._said}"
        return self._silence(now_ns) or self._holding(now_ns)

    def _is_told(self, now_ns: int) -> bool:
        """Whether `robot_node` tells of the control process's death, or still may."""
        self._died_ns = now_ns if self._died_ns is None else self._died_ns
        return self.mode is Mode.FAULT or now_ns - self._died_ns < LAST_WORDS_NS

    def _silence(self, now_ns: int) -> tuple[Cause, str] | None:
        silent = self._liveness.silent(now_ns)
        if silent is None:
            return None
        topic, silence_s = silent
        cause = Cause.CAMERA_STALE if topic in self._views else Cause.STATE_STALE
        name = self._views.get(topic, topic)
        return cause, f"{name}: nothing has come" if silence_s == float(
            "inf"
        ) else f"{name}: silent for {silence_s:.1f} s"

    def _holding(self, now_ns: int) -> tuple[Cause, str] | None:
        """The robot should be the policy's, and its gate has been closed for longer than a hiccup lasts.

        One that is a device's may be held as long as the operator likes.
        """
        if not self._running:
            return None
        said = self._safety.get("cause", "")
        followed = self.mode is Mode.TELEOP if self._taken_over else self.mode is Mode.POLICY and said in _NO_FAULT
        if followed:
            self._wrong_since_ns = None
            return None
        if self._wrong_since_ns is None:
            self._wrong_since_ns = now_ns
        if (now_ns - self._wrong_since_ns) * 1e-9 < TRIAL_GRACE_S:
            return None
        mode = "in no mode" if self.mode is None else f"in {self.mode.value}"
        otherwise = Cause.OPERATOR_STOP if self.mode is Mode.TELEOP else Cause.ENABLE_LOST
        source = "device" if self._taken_over else "policy"
        return _cause(said, otherwise), f"the robot is {mode} and does not follow the {source}: {self._said}"

    @property
    def _said(self) -> str:
        return self._safety.get("detail") or "robot_node gives no detail"


def _cause(name: str | None, otherwise: Cause) -> Cause:
    try:
        return Cause(name)
    except ValueError:
        return otherwise
