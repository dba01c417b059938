"""A program of PyTorch at work: what is seen as its arguments, what it returns as rows. Imports torch when it is used.

A program is code: load only what you trust.
"""

import importlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.config import load
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, SpecError
from ros_wam.policies.program_file import ProgramFile, TensorInput, affine
from ros_wam.policies.request_reader import Seen
from ros_wam.policy.columns import labels, spelled_out
from ros_wam.types import FloatArray

EXPORTED = ".pt2"
"""How the name of an exported program ends; any other is TorchScript."""


class TorchProgram:
    """A program on a device (None: CUDA where there is any). Owned by one thread at a time."""

    def __init__(self, path: Path, robot: Embodiment, device: str | None = None) -> None:
        """Read it and the `.yaml` beside it; raises ConfigError."""
        beside = path.with_suffix(".yaml")
        self.file = load(beside, ProgramFile)
        if self.file.robot != robot.name:
            raise ConfigError(f"{beside}: robot is {self.file.robot!r}, but it is to be served for {robot.name}")
        self._torch = import_torch()
        self.device = device or ("cuda" if self._torch.cuda.is_available() else "cpu")
        try:
            self._torch.zeros(1, device=self.device)
        except (RuntimeError, AssertionError) as error:  # a build without CUDA asserts
            raise ConfigError(f"device {self.device!r} cannot be used: {_first_line(error)}") from error
        try:
            self._rows = _Rows(self.file, robot)
            self._arguments = [self._argument(each, robot) for each in self.file.inputs]
        except ConfigError as error:
            raise ConfigError(f"{beside}: {error}") from error
        self._program = self._load(path)

    def tensors(self, seen: Seen) -> list[Any]:
        """Return the arguments for what is seen."""
        with self._torch.inference_mode():
            return [argument(seen) for argument in self._arguments]

    def forward(self, tensors: list[Any]) -> FloatArray:
        """Return the rows of the answer, of whatever shape the program gives them but for a leading 1.

        Raises SpecError where the program takes other arguments than the file names, or returns no tensor.
        """
        with self._torch.inference_mode():
            try:
                output = self._program(*tensors)
            except (RuntimeError, AssertionError, TypeError) as error:  # an exported program asserts shapes
                given = ", ".join(f"{tensor.dtype} {tuple(tensor.shape)}" for tensor in tensors)
                raise SpecError(f"the program failed for arguments {given}: {_last_line(error)}") from error
            if not isinstance(output, self._torch.Tensor):
                raise SpecError(f"the program returned a {type(output).__name__}, must return one tensor")
            rows = output.to("cpu", self._torch.float64).numpy()
        return self._rows.from_program(rows[0] if rows.ndim == 3 and len(rows) == 1 else rows)

    def _load(self, path: Path) -> Any:
        if not zipfile.is_zipfile(path):
            raise ConfigError(f"cannot load {path}: it is not there, or no program of PyTorch, which is a zip archive")
        try:
            if path.suffix != EXPORTED:
                return self._torch.jit.load(path, map_location=self.device).eval()
            export, passes = (importlib.import_module(f"torch.{name}") for name in ("export", "export.passes"))
            return passes.move_to_device_pass(export.load(path), self.device).module()
        except (RuntimeError, OSError, ValueError) as error:
            told = "it must be what torch.jit.save wrote, or torch.export.save (.pt2); weights alone are no program"
            raise ConfigError(f"cannot load {path} on {self.device}: {told}: {_first_line(error)}") from error

    def _argument(self, given: TensorInput, robot: Embodiment) -> Callable[[Seen], Any]:
        torch, device = self._torch, self.device
        if given.ongoing == "rows":
            return lambda seen: torch.from_numpy(self._rows.to_program(seen)).to(device)
        if given.ongoing == "delay":
            return lambda seen: torch.tensor([self._rows.delay(seen)], device=device)
        if given.joints:
            names = spelled_out(given.joints, robot)
            unknown = [name for name in names if name not in robot.joint_names]
            if unknown:
                raise ConfigError(f"inputs: joints is {unknown}, {robot.name} has {', '.join(robot.joint_names)}")
            index = [robot.joint_names.index(name) for name in names]
            mean, std = affine("inputs: joints", given.mean, given.std, len(index))
            return lambda seen: torch.from_numpy(np.asarray([(seen.joints[index] - mean) / std], np.float32)).to(device)
        return self._pictures(given)

    def _pictures(self, given: TensorInput) -> Callable[[Seen], Any]:
        torch, device, several = self._torch, self.device, "V" in given.axes
        mean, std = affine("inputs: views", given.mean, given.std, 3)
        scale, offset = (
            torch.tensor(value, dtype=torch.float32, device=device) for value in (1 / (255 * std), -mean / std)
        )

        def pictures(seen: Seen) -> Any:
            images = [torch.from_numpy(np.array(seen.images[view])).to(device) for view in given.views]
            stacked = torch.stack(images) * scale + offset
            stacked = stacked if given.axes.endswith("HWC") else stacked.permute(0, 3, 1, 2).contiguous()
            return stacked[None] if several else stacked

        return pictures


class _Rows:
    """Rows of actions, between the program's numbers and those of the wire."""

    def __init__(self, file: ProgramFile, robot: Embodiment) -> None:
        output = file.actions
        columns = sum(len(labels(word)) for word in spelled_out(output.columns, robot))
        self._mean, self._std = affine("actions", output.mean, output.std, columns)
        self._shape = (1, output.horizon, columns)

    def from_program(self, rows: FloatArray) -> FloatArray:
        return rows * self._std + self._mean if rows.shape == self._shape[1:] else rows  # which is refused

    def to_program(self, seen: Seen) -> np.ndarray[Any, np.dtype[np.float32]]:
        padded = np.zeros(self._shape, np.float32)
        if seen.ongoing is not None:
            rows = seen.ongoing.rows[: self._shape[1]]
            padded[0, : len(rows)] = (rows - self._mean) / self._std
        return padded

    def delay(self, seen: Seen) -> int:
        return 0 if seen.ongoing is None else min(seen.ongoing.delay_rows, len(seen.ongoing.rows), self._shape[1])


def import_torch() -> Any:
    """Return the module; raises ConfigError that says how to get it."""
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise ConfigError(f"torch is not installed ({error}): pip install '.[torch]' in a checkout") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _last_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[-1]}"
