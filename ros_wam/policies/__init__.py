"""Policies that `ros-wam serve` can serve."""

from collections.abc import Callable
from pathlib import Path

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.server import ServedPolicy

Make = Callable[[str, Embodiment, Path, str | None], ServedPolicy]
"""What stands after the kind, the robot, its calibration folder, and the device (None: the fastest there is)."""


def make_policy(name: str, robot: Embodiment, calibration: Path, device: str | None = None) -> ServedPolicy:
    """Return the policy `name`, of a form in FORMS; raises ConfigError for any other, and where it cannot be made."""
    kind, _, what = name.partition(":")
    if kind not in POLICIES or bool(what) != (":" in FORMS[kind]):
        raise ConfigError(f"no policy {name!r} to serve; there are: {', '.join(FORMS.values())}")
    return POLICIES[kind](what, robot, calibration, device)


def _baseline(what: str, robot: Embodiment, calibration: Path, device: str | None) -> ServedPolicy:
    from ros_wam.policies.baseline import make_baseline

    _refuse_device("baseline", device)
    return make_baseline(robot, calibration)


def _torch(what: str, robot: Embodiment, calibration: Path, device: str | None) -> ServedPolicy:
    from ros_wam.policies.torch_policy import make_torch_policy

    return make_torch_policy(Path(what), robot, device)


def _python(what: str, robot: Embodiment, calibration: Path, device: str | None) -> ServedPolicy:
    from ros_wam.policies.python_policy import make_python_policy

    _refuse_device("python", device)
    return make_python_policy(what, robot)


def _lerobot(what: str, robot: Embodiment, calibration: Path, device: str | None) -> ServedPolicy:
    from ros_wam.policies.lerobot_policy import make_lerobot_policy

    return make_lerobot_policy(Path(what), robot, device)


def _refuse_device(kind: str, device: str | None) -> None:
    if device is not None:
        raise ConfigError(f"device is {device!r}, must be left out: a policy {kind} takes none")


POLICIES: dict[str, Make] = {"baseline": _baseline, "torch": _torch, "lerobot": _lerobot, "python": _python}
FORMS = {
    "baseline": "baseline",
    "torch": "torch:FILE",
    "lerobot": "lerobot:FOLDER",
    "python": "python:MODULE:FACTORY",
}
"""How each is named, by its kind."""
