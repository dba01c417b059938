"""What a sitting ran: `sitting.yaml`."""

import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ros_wam.machine import describe_machine
from ros_wam.share import share_dir

GIT_TIMEOUT_S = 5.0
_THEN = ", then "
_VENDORS = ("ur_rtde", "franky-control", "arx5-interface", "dynamixel-sdk")
_PACKAGES = ("ros_wam", "numpy", "mujoco", "rclpy", *_VENDORS, "mcap")


@dataclass(frozen=True)
class Sitting:
    """A folder of trials: what was asked for, with which software, on which machine.

    `kind`: "trials" of a policy, or "demonstrations", whose robot `device` moves; a trial's can be taken over with it.

    `git_revision` is None outside a checkout and ends in "-dirty" where files differ from it.
    """

    sitting: str
    robot: str
    task: str
    prompt: str
    policies: tuple[str, ...]
    sim: bool
    trials: int
    seed: int
    versions: dict[str, str]
    git_revision: str | None
    machine: dict[str, str]
    kind: str = "trials"
    device: str | None = None

    def resumed(self, now: "Sitting") -> "Sitting":
        """Return this sitting gone on with as `now`: the larger plan, and what differs as "3, then 4"."""
        revision = _then(self.git_revision or "none", now.git_revision or "none")
        return replace(
            self,
            trials=max(self.trials, now.trials),
            versions=_merged(self.versions, now.versions),
            git_revision=None if revision == "none" else revision,
            machine=_merged(self.machine, now.machine),
        )


def _merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    return {name: _then(old.get(name, "none"), new.get(name, "none")) for name in {**old, **new}}


def _then(old: str, new: str) -> str:
    return old if old.split(_THEN)[-1] == new else f"{old}{_THEN}{new}"


def describe_sitting(
    sitting_dir: Path,
    *,
    robot: str,
    task: str,
    prompt: str,
    policy: str,
    sim: bool,
    trials: int,
    seed: int,
    kind: str = "trials",
    device: str | None = None,
) -> Sitting:
    """Return the description of a sitting that this software runs on this machine."""
    return Sitting(
        sitting=sitting_dir.name,
        robot=robot,
        task=task,
        prompt=prompt,
        policies=(policy,),
        sim=sim,
        trials=trials,
        seed=seed,
        versions=_versions(),
        git_revision=_git_revision(share_dir()),
        machine=describe_machine(),
        kind=kind,
        device=device,
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _git_revision(folder: Path) -> str | None:
    if shutil.which("git") is None or not (folder / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    return answer.stdout.strip() or None
