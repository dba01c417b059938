"""How to talk to one policy server: `config/policies/<name>.yaml`. A server whose wire is known is one more file."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ros_wam.config import load
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.strategies import STRATEGIES, WITHOUT_HORIZON

TRANSPORTS = {"websocket": "ros_wam.policy.websocket_client"}  # the module that defines `make_client`
CODECS = ("openpi",)
ACTION_SPACES = ("joint_position",)
ALL_VIEWS = "all"
DECLARATIONS = ("embodiment", "views", "image_size", "action_layout", "action_horizon", "rate_hz", "rtc")


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
class Execution:
    """How chunks are executed, see `strategies/`; `horizon` [rows] is None for a strategy that takes none."""

    strategy: str = "async"
    horizon: int | None = None


@dataclass(frozen=True)
class RealTimeChunking:
    """Where a server takes what the robot goes on doing while it infers.

    `actions_key`: the rows that are left of what is being followed, in the action layout, `1 / rate_hz` apart from the
    observation's stamp on; `delay_key`: how many of them will have been executed before the answer comes.
    """

    actions_key: str
    delay_key: str


@dataclass(frozen=True)
class Profile:
    """One policy server.

    `views` and `state` map what the robot has to keys of the request: a view to the key of its image, sent as HxWx3
    uint8 RGB of `image_size` (height, width); a key to the joints it holds. `prompt_key` and `stamp_key` name where the
    prompt and the observation's stamp go, None where the server takes none. `reply_path` leads to the actions, whose
    columns are `action_layout` and whose rows are `1 / rate_hz` apart. `execution` says how they are executed; `rtc` is
    None where the server takes no rows that are being executed. `must_declare` lists the metadata that the server has
    to state before the robot moves (a stock openpi server states none); what it states is compared in any case. `serve`
    are the arguments of `ros-wam serve` for a policy that this package serves.
    """

    name: str
    url: str
    transport: str
    codec: str
    timeouts: Timeouts
    views: dict[str, str]
    image_size: tuple[int, int]
    state: dict[str, tuple[str, ...]]
    reply_path: str
    action_space: str
    action_layout: tuple[str, ...]
    action_horizon: int
    execution: Execution
    rate_hz: float
    prompt_key: str | None = None
    stamp_key: str | None = None
    rtc: RealTimeChunking | None = None
    must_declare: tuple[str, ...] = DECLARATIONS
    freshness: Freshness = field(default_factory=Freshness)
    serve: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_choice("transport", self.transport, TRANSPORTS)
        self._check_choice("codec", self.codec, CODECS)
        self._check_choice("action_space", self.action_space, ACTION_SPACES)
        for declaration in self.must_declare:
            self._check_choice("must_declare", declaration, DECLARATIONS)
        self._require(
            self.url.startswith(("ws://", "wss://")), "url", self.url, "a URL that starts with ws:// or wss://"
        )
        for name in ("connect_s", "first_call_s", "call_s"):
            self._check_positive(f"timeouts: {name}", getattr(self.timeouts, name))
        self._check_positive("rate_hz", self.rate_hz)
        self._check_positive("freshness: max_age_s", self.freshness.max_age_s)
        self._check_positive("freshness: skew_margin_s", self.freshness.skew_margin_s)
        self._check_positive("image_size", min(self.image_size))
        self._require(self.action_horizon >= 2, "action_horizon", self.action_horizon, "at least 2")
        self._check_execution()
        self._require(bool(self.views), "views", self.views, "a map of at least one view")
        keys = [*self.views.values(), *self.state, *filter(None, (self.prompt_key, self.stamp_key))]
        keys += [self.rtc.actions_key, self.rtc.delay_key] if self.rtc is not None else []
        self._require(len(set(keys)) == len(keys), "views, state, prompt_key, stamp_key, rtc", keys, "different keys")

    @property
    def dt_s(self) -> float:
        """Time between two rows of a chunk [s]."""
        return 1.0 / self.rate_hz

    def for_robot(self, embodiment: Embodiment) -> "Profile":
        """Return the profile with the robot's own views and joints for the words that stand for them.

        `arms`, `grippers` and `all` stand for joints, in the robot's order, the view `all` for every view, whose name
        replaces `{view}` in its key. Raises ConfigError unless the robot has every view and joint, and every joint of
        the robot gets an action.
        """
        names = embodiment.joint_names
        words = {"arms": tuple(name for name in names if name not in embodiment.grippers), "all": names}
        words["grippers"] = tuple(name for name in names if name in embodiment.grippers)
        every = {view: self.views[ALL_VIEWS].format(view=view) for view in embodiment.views if ALL_VIEWS in self.views}
        fitted = replace(
            self,
            views={**every, **{view: key for view, key in self.views.items() if view != ALL_VIEWS}},
            state={key: _spelled_out(joints, words) for key, joints in self.state.items()},
            action_layout=_spelled_out(self.action_layout, words),
        )
        fitted.check_robot(embodiment)
        return fitted

    def check_robot(self, embodiment: Embodiment) -> None:
        """Raise ConfigError unless the robot has every view and joint, and every joint of the robot gets an action."""
        names, known = embodiment.joint_names, set(embodiment.joint_names)
        for view in self.views:
            self._require(view in embodiment.views, "views", view, f"one of {', '.join(embodiment.views)}")
        for key, joints in self.state.items():
            self._require(set(joints) <= known, f"state: {key}", list(joints), f"joints of {', '.join(names)}")
        layout = self.action_layout
        complete = sorted(layout) == sorted(names)
        self._require(complete, "action_layout", list(layout), f"the joints of {embodiment.name}: {', '.join(names)}")

    def _check_execution(self) -> None:
        name, horizon = self.execution.strategy, self.execution.horizon
        self._check_choice("execution: strategy", name, STRATEGIES)
        if name in WITHOUT_HORIZON:
            self._require(horizon is None, "execution: horizon", horizon, f"left out: {name} takes none")
            return
        last = self.action_horizon - (name != "sequential")  # the others need a row left to take over from
        first = 2 if name == "sequential" else 1
        in_range = horizon is not None and first <= horizon <= last
        self._require(in_range, "execution: horizon", horizon, f"{first} to {last}")

    def _check_choice(self, key: str, value: str, choices: Iterable[str]) -> None:
        self._require(value in choices, key, value, f"one of {', '.join(choices)}")

    def _check_positive(self, key: str, value: float) -> None:
        self._require(math.isfinite(value) and value > 0, key, value, "finite and above 0")

    def _require(self, holds: bool, key: str, value: object, wanted: str) -> None:
        if not holds:
            raise ConfigError(f"policy {self.name}: {key} is {value!r}, must be {wanted}")


def _spelled_out(joints: tuple[str, ...], words: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(name for word in joints for name in words.get(word, (word,)))


def load_profile(path: Path) -> Profile:
    """Read `config/policies/<name>.yaml`, for any robot that it suits (see `for_robot`); raises ConfigError."""
    return load(path, Profile)
