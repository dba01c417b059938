"""The profiles and the robots there are, and which fit."""

from collections.abc import Iterator

from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.share import share_dir


def shipped_profiles() -> list[Profile]:
    """Return the profiles of config/policies/, by name; raises ConfigError for one that cannot be read."""
    return [load_profile(path) for path in sorted((share_dir() / "config" / "policies").glob("*.yaml"))]


def shipped_robots() -> list[Embodiment]:
    """Return the robots of robots/, by name; raises ConfigError for one that cannot be read."""
    return [load_embodiment(path) for path in sorted((share_dir() / "robots").glob("*.yaml"))]


def fitting_robots(profile: Profile, robots: list[Embodiment]) -> Iterator[Embodiment]:
    """Yield those of `robots` that have what the profile names."""
    for robot in robots:
        try:
            profile.for_robot(robot)
        except ConfigError:
            continue
        yield robot
