"""Policies that `ros-wam serve` can serve."""

from pathlib import Path

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.server import ServedPolicy

POLICIES = ("baseline",)


def make_policy(name: str, embodiment: Embodiment, calibration: Path) -> ServedPolicy:
    """Return the policy `name` for a robot and its calibration folder; raises ConfigError for an unknown name."""
    if name == "baseline":
        from ros_wam.policies.baseline import make_baseline

        return make_baseline(embodiment, calibration)
    raise ConfigError(f"no policy {name!r} to serve; there are: {', '.join(POLICIES)}")
