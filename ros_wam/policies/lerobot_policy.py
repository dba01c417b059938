"""Checkpoints of LeRobot, in this process: `ros-wam serve lerobot:FOLDER`. Imports lerobot and torch when it is used.

A checkpoint is code, for it may name classes of any module: serve only what you trust.

What LeRobot's asynchronous server cannot serve, X-VLA, WALL-X and Diffusion Policy among them, this can. Called as in
lerobot 0.4.4: policies/factory.py, policies/pretrained.py.
"""

import importlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.config import load
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policies.function_policy import FunctionPolicy
from ros_wam.policies.request_reader import Seen
from ros_wam.policies.torch_program import import_torch
from ros_wam.policy.columns import spelled_out
from ros_wam.policy.gripper_range import GripperRange
from ros_wam.types import FloatArray

BESIDE = "ros_wam.yaml"
STATE, IMAGES = "observation.state", "observation.images."
_WITH_HISTORY = ("diffusion", "tdmpc", "vqbet")
"""Their `predict_action_chunk` reads what `select_action` alone keeps of earlier observations."""


@dataclass(frozen=True)
class CheckpointFile:
    """What a checkpoint itself does not tell, in ros_wam.yaml beside its config.json.

    `robot`: for which it is; `rate_hz`: the fps of its data set; `cameras`: our views, and what it calls each after
    `observation.images.`; `joints`: the order of its state and of its actions, words of `columns.py`, in radians;
    `gripper`: its numbers for a closed and an open one.
    """

    robot: str
    rate_hz: float
    cameras: dict[str, str]
    joints: tuple[str, ...] = ("all",)
    gripper: GripperRange = field(default_factory=GripperRange)


class LerobotPolicy:
    """A policy on a device (None: CUDA where there is any), with its own processors around it."""

    def __init__(self, folder: Path, robot: Embodiment, device: str | None = None) -> None:
        """Raises ConfigError."""
        if not (folder / "config.json").is_file():
            told = "must be a checkpoint's folder; `hf download NAME --local-dir FOLDER` makes one of a name on the Hub"
            raise ConfigError(f"policy lerobot:{folder} has no config.json: {told}")
        self.file = load(folder / BESIDE, CheckpointFile)
        if self.file.robot != robot.name:
            raise ConfigError(f"{folder / BESIDE}: robot is {self.file.robot!r}, but is to be served for {robot.name}")
        self.joints = spelled_out(self.file.joints, robot)
        self._torch = import_torch()
        self._load(folder, device or ("cuda" if self._torch.cuda.is_available() else "cpu"))
        self._index = self._indices(folder, robot)
        self._grippers = np.array([name in robot.grippers for name in self.joints])
        self.image_size = self._image_size(folder)
        self._episode: Any = None

    def act(self, seen: Seen, episode: Any) -> FloatArray:
        """Return the rows that follow `seen`; the policy is reset where `episode` is not that of the last call."""
        if episode is not self._episode:
            self._policy.reset()
            self._episode = episode
        with self._torch.inference_mode():
            rows = [self._to_wire(row) for row in self._chunk(self._before(self._batch(seen)))]
        actions = np.concatenate(rows)
        actions[:, self._grippers] = self.file.gripper.from_server(actions[:, self._grippers])
        return actions

    def _load(self, folder: Path, device: str) -> None:
        if os.environ.get("MUJOCO_GL") == "osmesa" and importlib.util.find_spec("triton") is not None:
            told = (
                "MUJOCO_GL=osmesa loads a LLVM beside which triton's crashes; MUJOCO_GL=disable ros-wam serve ... works"
            )
            raise ConfigError(f"policy lerobot:{folder}: {told}")
        try:
            factory = importlib.import_module("lerobot.policies.factory")
            configs = importlib.import_module("lerobot.configs.policies")
        except ImportError as error:
            told = "pip install '.[lerobot]' in a checkout, in an environment of its own"
            raise ConfigError(f"lerobot cannot be imported ({error}): {told}") from error
        try:
            self._config = configs.PreTrainedConfig.from_pretrained(folder)
            self._config.device = device
            made = factory.get_policy_class(self._config.type).from_pretrained(folder, config=self._config)
            overrides = {"device_processor": {"device": device}}
            self._before, self._after = factory.make_pre_post_processors(
                self._config, pretrained_path=str(folder), preprocessor_overrides=overrides
            )
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
            raise ConfigError(f"cannot load the checkpoint {folder} on {device}: {error}") from error
        self._policy = made

    def _indices(self, folder: Path, robot: Embodiment) -> list[int]:
        wrong = [name for name in self.joints if name not in robot.joint_names]
        if wrong:
            told = f"{robot.name} has {', '.join(robot.joint_names)}"
            raise ConfigError(f"{folder / BESIDE}: joints is {wrong}, {told}")
        for what, feature in (("state", self._config.robot_state_feature), ("actions", self._config.action_feature)):
            if feature is not None and feature.shape[0] != len(self.joints):
                told = f"{feature.shape[0]} numbers, joints names {len(self.joints)}: {', '.join(self.joints)}"
                raise ConfigError(f"{folder / BESIDE}: the checkpoint's {what} have {told}")
        return [robot.joint_names.index(name) for name in self.joints]

    def _image_size(self, folder: Path) -> tuple[int, int]:
        features: Mapping[str, Any] = self._config.image_features
        named = {IMAGES + name for name in self.file.cameras.values()}
        if named != set(features):
            told = f"the checkpoint has {', '.join(features) or 'none'}"
            raise ConfigError(f"{folder / BESIDE}: cameras names {', '.join(sorted(named)) or 'none'}, {told}")
        sizes = {tuple(feature.shape[1:]) for feature in features.values()}
        if len(sizes) != 1:
            raise ConfigError(f"the checkpoint {folder} has pictures of {sorted(sizes)}, must be of one size")
        height, width = sizes.pop()
        return height, width

    def _batch(self, seen: Seen) -> dict[str, Any]:
        torch = self._torch
        state = seen.joints[self._index]
        state[self._grippers] = self.file.gripper.to_server(state[self._grippers])
        batch: dict[str, Any] = {STATE: torch.from_numpy(np.asarray(state[None], np.float32)), "task": seen.prompt}
        for view, name in self.file.cameras.items():
            picture = torch.from_numpy(np.array(seen.images[view]))
            batch[IMAGES + name] = (picture.permute(2, 0, 1).to(torch.float32) / 255).contiguous()[None]
        return batch

    def _chunk(self, batch: dict[str, Any]) -> list[Any]:
        """Return rows of `(1, D)`, as the policy normalised them."""
        if self._config.type in _WITH_HISTORY:  # one observation repeated, as when an episode begins
            self._policy.reset()
            return [self._policy.select_action(dict(batch)) for _ in range(self._config.n_action_steps)]
        chunk = self._policy.predict_action_chunk(batch)
        return [chunk[:, row] for row in range(chunk.shape[1])]

    def _to_wire(self, row: Any) -> FloatArray:
        return np.asarray(self._after(row).to("cpu", self._torch.float64).numpy())


def make_lerobot_policy(folder: Path, robot: Embodiment, device: str | None = None) -> FunctionPolicy:
    """Return the policy of the checkpoint in `folder`; raises ConfigError.

    How many rows it answers is found by asking it: there is no one name for that in the policies' configurations.
    """
    policy = LerobotPolicy(folder, robot, device)
    black = {view: np.zeros((*policy.image_size, 3), np.uint8) for view in policy.file.cameras}
    rows = policy.act(Seen(0, black, robot.home_position.copy(), "", None), None)
    return FunctionPolicy(
        policy.act,
        robot,
        len(rows),
        policy.file.rate_hz,
        policy.image_size,
        tuple(policy.file.cameras),
        policy.joints,
        begin=object,
    )
