"""How to talk to one policy server: `config/policies/<name>.yaml`. A server whose wire is known is one more file."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ros_wam.config import load
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.policy.after_chunk import AfterChunk
from ros_wam.policy.codecs.codec import CODECS
from ros_wam.policy.columns import labels, spelled_out
from ros_wam.policy.covered import uncovered
from ros_wam.policy.dialects.dialect import DIALECTS
from ros_wam.policy.execution import Execution
from ros_wam.policy.reply_layout import ReplyLayout
from ros_wam.policy.request_layout import RequestLayout
from ros_wam.policy.server_url import check_url
from ros_wam.policy.session_rule import SessionRule
from ros_wam.policy.transports.transport import SCHEMES, TRANSPORTS

FITTING = ("embodiment", "views", "image_size", "action_layout", "action_horizon", "rate_hz", "rtc")
DECLARATIONS = (
    *FITTING,
    "state_dim",
    "action_dim",
    "takes_images",  # the last keys of what the server wants to be sent, each of which has to be in `request` …
    "takes_state",
    "takes_prompt",
    "gives_actions",  # … and of what it answers, among which those of `reply` have to be
    "image_history",  # the rows at which it wants pictures, and states
    "state_history",
)


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a connection, for the first answer on it (servers compile then), and for each later one."""

    connect_s: float
    first_call_s: float
    call_s: float


@dataclass(frozen=True)
class Freshness:
    """What an observation may be made of: frames at most this old, and apart by at most one frame period plus this."""

    max_age_s: float = 0.1
    skew_margin_s: float = 0.01


@dataclass(frozen=True)
class Profile:
    """One policy server: how it is reached, what it is asked, what it answers, and how that is executed.

    `transport`, `dialect` and `codec` say how it is talked to, `request` and `reply` what is said, `action` what that
    means, `rate_hz` how far apart its rows are; `session` how an episode begins, `after_chunk` what the server is told
    once a chunk has been executed. `setup` is for the dialect. `headers` may hold `${VARIABLE}`s of the environment.
    `declares` maps our names of what a server declares (DECLARATIONS) to key paths of its metadata, where those differ;
    `must_declare` lists what the server has to state before the robot moves (a stock openpi server states nothing);
    what it states is compared in any case. `must_say`: what else its metadata has to say: key path → the values that
    will do. `serve` are the arguments of `ros-wam serve` for a policy that this package serves.
    """

    name: str
    url: str
    transport: str
    codec: str
    timeouts: Timeouts
    request: RequestLayout
    reply: ReplyLayout
    action: ActionSpec
    execution: Execution
    rate_hz: float
    dialect: str = "plain"
    setup: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    session: SessionRule = field(default_factory=SessionRule)
    after_chunk: AfterChunk | None = None
    declares: dict[str, str] = field(default_factory=dict)
    must_declare: tuple[str, ...] = FITTING
    must_say: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    freshness: Freshness = field(default_factory=Freshness)
    serve: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_choice("transport", self.transport, TRANSPORTS)
        self._check_choice("codec", self.codec, CODECS)
        self._check_choice("dialect", self.dialect, DIALECTS)
        for declaration in (*self.must_declare, *self.declares):
            self._check_choice("must_declare or declares", declaration, DECLARATIONS)
        for path, values in self.must_say.items():
            self._require(bool(values), f"must_say: {path}", list(values), "a list of at least one value")
        check_url(self.url, SCHEMES[self.transport], f"policy {self.name}: url")
        for name in ("connect_s", "first_call_s", "call_s"):
            self._check_positive(f"timeouts: {name}", getattr(self.timeouts, name))
        self._check_positive("rate_hz", self.rate_hz)
        self._check_positive("freshness: max_age_s", self.freshness.max_age_s)
        self._check_positive("freshness: skew_margin_s", self.freshness.skew_margin_s)
        self.execution.check(self.name, self.action)
        if self.after_chunk is not None:
            self._check_after_chunk(self.after_chunk)
        plain = self.action.space == "joint_position" and self.action.reference == "absolute"
        plain = plain and not self.action.degrees and self.action.normalized is None
        wanted = "left out but for absolute joint positions in radians"
        self._require(self.request.rtc is None or plain, "request: rtc", self.request.rtc, wanted)

    @property
    def views(self) -> tuple[str, ...]:
        """Every view that the policy sees."""
        return self.request.views

    @property
    def lookback(self) -> dict[str, tuple[int, ...]]:
        """The rows, below 0, at which the policy looks back at each view."""
        rows: dict[str, set[int]] = {view: set() for view in self.views}
        for images in self.request.images:
            for view in images.views:
                rows[view] |= {row for row in images.history if row < 0}
        return {view: tuple(sorted(each)) for view, each in rows.items()}

    @property
    def action_labels(self) -> tuple[str, ...]:
        """The name of each column of the actions, as the server gives them."""
        return tuple(label for word in self.reply.columns for label in labels(word))

    @property
    def fewest_rows(self) -> int:
        """How many rows an answer has at least, for the way it is executed."""
        rows = self.execution.horizon or 0
        if self.execution.strategy != "sequential":
            rows += 1 - self.action.begins_at_state  # one is left to take over from
        return max(self.action.fewest_rows, rows)

    @property
    def dt_s(self) -> float:
        """Time between two rows of a chunk [s]."""
        return 1.0 / self.rate_hz

    def for_robot(self, robot: Embodiment) -> "Profile":
        """Return the profile with the robot's own views and joints for the words that stand for them (`columns.py`).

        Raises ConfigError unless the robot has every view, joint and arm, and every joint of the robot gets an action.
        """
        parts = tuple(replace(part, columns=spelled_out(part.columns, robot)) for part in self.reply.actions)
        reply = replace(self.reply, actions=parts)
        fitted = replace(self, request=self.request.for_robot(robot), reply=reply)
        fitted.check_robot(robot)
        return fitted

    def check_robot(self, robot: Embodiment) -> None:
        """Raise ConfigError unless the robot has what is named, and every joint of the robot gets one action."""
        try:
            self.request.check_robot(robot)
            self.action.check_robot(robot)
        except ConfigError as error:
            raise ConfigError(f"policy {self.name} on {robot.name}: {error}") from error
        wrong = uncovered(self.action.space, self.reply.columns, robot)
        self._require(not wrong, "reply: columns", list(self.reply.columns), f"columns for {robot.name}: {wrong}")

    def _check_after_chunk(self, after_chunk: AfterChunk) -> None:
        in_turn = self.execution.strategy == "sequential"
        self._require(in_turn, "execution: strategy", self.execution.strategy, "sequential, for there is after_chunk")
        whole = self.execution.horizon is None  # the server is told of all rows
        self._require(whole, "execution: horizon", self.execution.horizon, "left out, for there is after_chunk")
        one = len(self.reply.actions) == 1
        self._require(one, "reply: actions", len(self.reply.actions), "a single array, for there is after_chunk")
        try:
            after_chunk.check_images(self.request.images)
        except ConfigError as error:
            raise ConfigError(f"policy {self.name}: {error}") from error

    def _check_choice(self, key: str, value: str, choices: Iterable[str]) -> None:
        self._require(value in choices, key, value, f"one of {', '.join(choices)}")

    def _check_positive(self, key: str, value: float) -> None:
        self._require(math.isfinite(value) and value > 0, key, value, "finite and above 0")

    def _require(self, holds: bool, key: str, value: object, wanted: str) -> None:
        if not holds:
            raise ConfigError(f"policy {self.name}: {key} is {value!r}, must be {wanted}")


def load_profile(path: Path) -> Profile:
    """Read `config/policies/<name>.yaml`, for any robot that it suits (see `for_robot`); raises ConfigError."""
    return load(path, Profile)
