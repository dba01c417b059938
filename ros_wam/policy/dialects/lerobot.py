"""LeRobot's asynchronous inference: the client says which checkpoint the server is to load, and counts time steps.

Attributes and what a server does with them: lerobot 0.4.4, async_inference/{helpers,policy_server}.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ros_wam.config import build
from ros_wam.errors import ConfigError, PolicyAnswerInvalid, SpecError
from ros_wam.policy.codecs.codec import Codec
from ros_wam.policy.codecs.lerobot_pickle import LerobotObject, TimedAction
from ros_wam.policy.dialects.dialect import Exchange
from ros_wam.policy.secret import resolved
from ros_wam.policy.transports.lerobot_grpc import SET_UP

POLICY_TYPES = ("act", "smolvla", "diffusion", "tdmpc", "vqbet", "pi0", "pi05", "groot")  # all that a server takes
STATE, IMAGES, TASK, STAMP = "observation.state", "observation.images.", "task", "stamp_ns"
_KEYS = f"{STATE}, {IMAGES}<camera>, {TASK} and {STAMP}"


@dataclass(frozen=True)
class LerobotSetup:
    """What a server is told when a connection begins; it loads the checkpoint then.

    `pretrained_name_or_path`: as the server finds it, a folder of its own or a name on the Hub; `${VARIABLE}` is the
    environment's. `cameras`: the names that the checkpoint knows, and height and width of their pictures; `rename_map`
    renames what they are called in the observation. `state_dim`: how many numbers `observation.state` is.
    """

    policy_type: str
    pretrained_name_or_path: str
    actions_per_chunk: int
    state_dim: int
    cameras: dict[str, tuple[int, int]]
    device: str = "cuda"
    rename_map: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.policy_type not in POLICY_TYPES:
            raise ConfigError(f"policy_type is {self.policy_type!r}, must be one of {', '.join(POLICY_TYPES)}")
        for key in ("actions_per_chunk", "state_dim"):
            if getattr(self, key) < 1:
                raise ConfigError(f"{key} is {getattr(self, key)}, must be above 0")


class LerobotDialect:
    """See Dialect. A request has the keys of a LeRobot data set, and `stamp_ns`; an answer is `actions` `(T, D)`."""

    def __init__(self, codec: Codec, setup: LerobotSetup) -> None:
        self._codec = codec
        self._setup = setup
        self._motors = [f"state_{index}" for index in range(setup.state_dim)]
        self._timestep = -1

    def greet(self, greeting: bytes | str | None, exchange: Exchange) -> Mapping[str, Any]:
        """See Dialect. The server states nothing: the metadata are what it has been told."""
        setup = self._setup
        features: dict[str, Any] = {STATE: {"dtype": "float32", "shape": (setup.state_dim,), "names": self._motors}}
        for name, size in setup.cameras.items():
            shape, axes = (*size, 3), ["height", "width", "channels"]
            features[IMAGES + name] = {"dtype": "image", "shape": shape, "names": axes}
        told = {
            "policy_type": setup.policy_type,
            "pretrained_name_or_path": setup.pretrained_name_or_path,
            "lerobot_features": features,
            "actions_per_chunk": setup.actions_per_chunk,
            "device": setup.device,
            "rename_map": setup.rename_map,
        }
        exchange(self._codec.encode(LerobotObject("RemotePolicyConfig", told)), SET_UP, slow=True)
        self._timestep = -1
        return {"state_dim": setup.state_dim, "action_horizon": setup.actions_per_chunk}

    def encode(self, request: Mapping[str, Any]) -> bytes:
        """See Dialect. A server drops an observation that is much like the last one unless it is told not to."""
        self._timestep += 1
        attributes = {
            "timestamp": request.get(STAMP, 0) * 1e-9,
            "timestep": self._timestep,
            "observation": self._observation(request),
            "must_go": True,
        }
        return self._codec.encode(LerobotObject("TimedObservation", attributes))

    def decode(self, data: bytes | str) -> Any:
        """See Dialect."""
        if not data or isinstance(data, str):
            told = "its policy failed, or took no observation in time; its log tells"
            raise PolicyAnswerInvalid(f"the policy server gave an empty answer: {told}")
        try:
            rows: list[TimedAction] = self._codec.decode(data)
        except SpecError as error:
            raise PolicyAnswerInvalid(str(error)) from error
        steps = [row.timestep for row in rows]
        if steps != list(range(self._timestep, self._timestep + len(steps))):
            raise PolicyAnswerInvalid(
                f"answer is for time steps {steps[:3]} and on, asked was from {self._timestep} on"
            )
        if len({row.action.shape for row in rows}) != 1:
            raise PolicyAnswerInvalid(f"answer has {len(rows)} rows, must have one or more of one shape")
        return {"actions": np.stack([row.action for row in rows])}

    def reset(self, request: Mapping[str, Any], endpoint: str, expected: str | None, exchange: Exchange) -> None:
        """See Dialect. The server forgets what it was sent, and the time steps begin again; its policy stays."""
        exchange(b"", endpoint)
        self._timestep = -1

    def _observation(self, request: Mapping[str, Any]) -> dict[str, Any]:
        cameras = [IMAGES + name for name in self._setup.cameras]
        known = {STATE, TASK, STAMP, *cameras}
        if not set(request) <= known or not {STATE, *cameras} <= set(request):
            raise SpecError(f"request has {', '.join(request)}, must have {_KEYS} for {', '.join(self._setup.cameras)}")
        state = np.ravel(request[STATE])
        if len(state) != len(self._motors):
            raise SpecError(f"{STATE} has {len(state)} numbers, must have {len(self._motors)}, see setup: state_dim")
        pictures = {name: request[IMAGES + name] for name in self._setup.cameras}
        task = {TASK: request[TASK]} if TASK in request else {}
        return {**dict(zip(self._motors, state.tolist(), strict=True)), **pictures, **task}


def make_dialect(codec: Codec, setup: Mapping[str, Any]) -> LerobotDialect:
    """Return the dialect; raises ConfigError where the set-up is not LerobotSetup's, or a variable of it is not set."""
    told = build(dict(setup), LerobotSetup, "setup")
    checkpoint = resolved(told.pretrained_name_or_path, "setup: pretrained_name_or_path")
    return LerobotDialect(codec, LerobotSetup(**{**vars(told), "pretrained_name_or_path": checkpoint}))
