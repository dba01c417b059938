"""GR00T's inference service, each release of it, and StarVLA's that speaks the same wire; no code of ours takes part.

Any failure is answered with a map that holds `error`; N1, which has torch.save where the others have msgpack, answers
the bytes ERROR.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
from wire import lebedov_arrays, torch_saved
from wire.zmq_server import ZmqServer

RELEASES = ("n1", "n1.5", "n1.6", "main", "starvla")
Rows = dict[str, np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint was trained with: how many columns each key of the state and the actions has, and the rest."""

    video: tuple[str, ...]
    state: dict[str, int]
    action: dict[str, int]
    language: str
    rows: int
    history: tuple[int, ...] = (0,)
    size: tuple[int, int] = (480, 640)


class Gr00tServer(ZmqServer):
    """One of RELEASES; `wrapped`: with the wrapper for simulations, which takes and gives flat keys."""

    def __init__(
        self, checkpoint: Checkpoint, release: str = "main", wrapped: bool = False, token: str | None = None
    ) -> None:
        super().__init__()
        self.checkpoint, self.release, self.token = checkpoint, release, token
        self.wrapped = wrapped
        self.flat = release in ("n1", "n1.5")
        self.answer: Callable[[dict[str, Any]], Rows] = self.hold
        self.requests: list[dict[str, Any]] = []
        self.endpoints: list[str] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False

    def reply(self, message: bytes) -> bytes:
        """See ZmqServer."""
        try:
            request = self.unpack(message)
            if self.token is not None and request.get("api_token") != self.token:
                return self.pack({"error": "Unauthorized: Invalid API token"})
            endpoint = request.get("endpoint", "get_action")
            self.endpoints.append(endpoint)
            return self.pack(self.result(endpoint, request.get("data", {})))
        except Exception as error:  # noqa: BLE001 - as the service does
            return b"ERROR" if self.release == "n1" else self.pack({"error": str(error)})

    def result(self, endpoint: str, data: dict[str, Any]) -> Any:
        """Return what an endpoint answers."""
        if endpoint == "ping":
            return {"status": "ok", "message": "Server is running"}
        if endpoint == "get_modality_config":
            return self.modality_config()
        if endpoint == "reset" and not self.flat:
            assert data == {"options": None}
            self.resets += 1
            return {"ok": True} if self.release == "starvla" else {}
        if endpoint != "get_action":
            raise ValueError(f"Unknown endpoint: {endpoint}")
        if self.flat:  # N1 leaves out every axis of length 1
            n1 = self.release == "n1"
            return {f"action.{key}": np.squeeze(rows) if n1 else rows for key, rows in self.rows(data).items()}
        actions = {key: rows[None] for key, rows in self.rows(data["observation"]).items()}
        assert data.keys() == {"observation", "options"}
        return [{f"action.{key}": rows for key, rows in actions.items()} if self.wrapped else actions, {}]

    def rows(self, observation: dict[str, Any]) -> Rows:
        """Return the model's rows `(T, D)` for each key, and take note of the request."""
        self.check(observation)
        self.requests.append(observation)
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("CUDA out of memory")
        rows = self.answer(observation)
        last = [*self.checkpoint.action][-1]
        if self.widen:
            rows[last] = np.concatenate([rows[last], rows[last][:, :1]], axis=1)
        return rows

    def hold(self, observation: dict[str, Any]) -> Rows:
        """Hold still: an action's key is that of the state it moves."""
        rows = {}
        for key, columns in self.checkpoint.action.items():
            state = self._of(observation, "state", key).reshape(columns)
            rows[key] = np.tile(state, (self.checkpoint.rows, 1)).astype(np.float32)
        return rows

    def check(self, observation: dict[str, Any]) -> None:
        """Refuse what the service refuses."""
        batch = () if self.flat else (1,)
        wanted = self.checkpoint
        for key in wanted.video:
            video = self._of(observation, "video", key)
            assert isinstance(video, np.ndarray), f"Video key '{key}' must be a numpy array. Got {type(video)}"
            assert video.dtype == np.uint8, f"Video key '{key}' must be of type np.uint8. Got {video.dtype}"
            shape = (*batch, len(wanted.history), *wanted.size, 3)
            assert video.shape == shape, f"Video key '{key}' must have shape {shape}, got {video.shape}"
        for key, columns in wanted.state.items():
            state = self._of(observation, "state", key)
            assert state.dtype == np.float32, f"State key '{key}' must be of type np.float32. Got {state.dtype}"
            assert state.shape == (*batch, 1, columns), f"State key '{key}' has shape {state.shape}"
        nested = not (self.flat or self.wrapped)
        language = (observation["language"] if nested else observation)[wanted.language]
        assert isinstance(language[0][0] if nested else language[0], str)

    def _of(self, observation: dict[str, Any], modality: str, key: str) -> Any:
        if self.flat or self.wrapped:
            return observation[f"{modality}.{key}"]
        return observation[modality][key]

    def modality_config(self) -> dict[str, Any]:
        """Return what the checkpoint was trained with, in the form of the release."""
        wanted = self.checkpoint
        if self.release == "starvla":
            names = {"state": wanted.state, "action": wanted.action}
            return {f"{kind}_keys": [f"{kind}.{key}" for key in keys] for kind, keys in names.items()}
        modalities = {
            "video": (wanted.video, wanted.history),
            "state": (wanted.state, (0,)),
            "action": (wanted.action, range(wanted.rows)),
            "language": ((wanted.language,), (0,)),
        }
        return {name: self._modality(name, [*keys], [*deltas]) for name, (keys, deltas) in modalities.items()}

    def _modality(self, name: str, keys: list[str], deltas: list[int]) -> dict[str, Any]:
        if self.release == "n1.5":
            named = keys if name == "language" else [f"{name}.{key}" for key in keys]
            text = json.dumps({"delta_indices": deltas, "modality_keys": named})
            return {"__ModalityConfig_class__": True, "as_json": text}
        mark = "__ModalityConfig__" if self.release == "main" else "__ModalityConfig_class__"
        rest = {"sin_cos_embedding_keys": None, "mean_std_embedding_keys": None, "action_configs": None}
        return {mark: True, "as_json": {"delta_indices": deltas, "modality_keys": keys, **rest}}

    def pack(self, value: Any) -> bytes:
        """Return the bytes of a message."""
        if self.release == "n1":
            return torch_saved.save(value)
        if self.release == "main":
            return lebedov_arrays.pack(value)
        packed: bytes = msgpack.packb(value, default=_npy)
        return packed

    def unpack(self, message: bytes) -> Any:
        """Return what a message says."""
        if self.release == "n1":
            return torch_saved.load(message)
        if self.release == "main":
            return lebedov_arrays.unpack(message)
        return msgpack.unpackb(message, object_hook=_of_npy)


def _npy(value: np.ndarray) -> dict[str, Any]:
    file = io.BytesIO()
    np.save(file, value, allow_pickle=False)
    return {"__ndarray_class__": True, "as_npy": file.getvalue()}


def _of_npy(value: dict[str, Any]) -> Any:
    return np.load(io.BytesIO(value["as_npy"]), allow_pickle=False) if "__ndarray_class__" in value else value


DROID_N1_7 = Checkpoint(
    video=("exterior_image_1_left", "wrist_image_left"),
    state={"eef_9d": 9, "gripper_position": 1, "joint_position": 7},
    action={"eef_9d": 9, "gripper_position": 1, "joint_position": 7},
    language="annotation.language.language_instruction",
    rows=40,
    history=(-15, 0),
    size=(180, 320),
)
DROID_N1_6 = Checkpoint(
    video=("exterior_image_1_left", "wrist_image_left"),
    state={"joint_position": 7, "gripper_position": 1},
    action={"joint_position": 7, "gripper_position": 1},
    language="annotation.language.language_instruction",
    rows=32,
    size=(180, 320),
)
ONE_ARM = Checkpoint(
    video=("front", "wrist"),
    state={"single_arm": 6, "gripper": 1},
    action={"single_arm": 6, "gripper": 1},
    language="annotation.human.task_description",
    rows=16,
)
