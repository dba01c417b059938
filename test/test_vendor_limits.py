"""Every robot file that ships allows no more than its maker does."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.vendor_limits import Number, VendorLimits, load_vendor_limits, wider_limits

ROBOTS = sorted((Path(__file__).resolve().parents[1] / "robots").glob("*.yaml"))
FRANKA = next(path for path in ROBOTS if path.stem == "franka")


def loaded(path: Path) -> tuple[Embodiment, VendorLimits]:
    embodiment = load_embodiment(path)
    return embodiment, load_vendor_limits(path, embodiment.name)


@pytest.mark.parametrize("path", ROBOTS, ids=lambda path: path.stem)
def test_no_limit_is_wider_than_the_vendors(path: Path) -> None:
    assert wider_limits(*loaded(path)) == []


@pytest.mark.parametrize("path", ROBOTS, ids=lambda path: path.stem)
def test_every_number_has_a_source(path: Path) -> None:
    _, vendor = loaded(path)
    sources = [getattr(vendor, item.name).source for item in fields(vendor) if getattr(vendor, item.name) is not None]
    assert all(len(source) > 10 for source in sources)


@pytest.mark.parametrize("path", ROBOTS, ids=lambda path: path.stem)
def test_each_limit_that_is_widened_is_told_with_both_numbers_and_the_source(path: Path) -> None:
    embodiment, vendor = loaded(path)
    for name, joint in embodiment.joints.items():
        (k,) = (arm.joints.index(name) for arm in embodiment.arms.values() if name in arm.joints)
        low, high = vendor.position_rad.values[k]
        widened = {"lower position_rad": replace(joint, position_rad=(low - 0.01, joint.position_rad[1]))}
        widened["upper position_rad"] = replace(joint, position_rad=(joint.position_rad[0], high + 0.01))
        for key in ("velocity_rad_s", "acceleration_rad_s2", "jerk_rad_s3"):
            if (limit := getattr(vendor, key)) is not None:
                widened[key] = replace(joint, **{key: limit.values[k] * 1.01})
        for key, wide in widened.items():
            told = wider_limits(replace(embodiment, joints={**embodiment.joints, name: wide}), vendor)
            assert told and told[0].startswith(f"{name} {key} ") and "is wider than the vendor's" in told[0]
    for name, gripper in embodiment.grippers.items():
        for key, wide in {
            "speed": replace(gripper, speed_1_s=1.01 * vendor.gripper_speed_m_s.value / gripper.stroke_m),
            "force_n": replace(gripper, force_n=vendor.gripper_force_n.value + 1.0),
            "stroke_m": replace(gripper, stroke_m=vendor.gripper_stroke_m.value + 0.001, speed_1_s=0.1),
        }.items():
            told = wider_limits(replace(embodiment, grippers={**embodiment.grippers, name: wide}), vendor)
            assert [line.split()[:2] for line in told] == [[name, key]]


@pytest.mark.parametrize("key", ["payload_kg", "control_rate_hz"])
def test_payload_and_rate_are_compared_where_they_are_published(key: str) -> None:
    embodiment, vendor = loaded(FRANKA)
    limit: Number = getattr(vendor, key)
    (told,) = wider_limits(replace(embodiment, **{key: limit.value + 1.0}), vendor)
    assert told == f"{key} {limit.value + 1.0:g} is wider than the vendor's {limit.value:g} ({limit.source})"
    unpublished = replace(vendor, payload_kg=None)
    assert wider_limits(replace(embodiment, payload_kg=50.0), unpublished) == []


def with_nan(numbers: Any) -> Iterator[Any]:
    """Yield each copy of a number, or of nested tuples of them, with one that is no number."""
    if isinstance(numbers, tuple):
        for k, item in enumerate(numbers):
            yield from ((*numbers[:k], changed, *numbers[k + 1 :]) for changed in with_nan(item))
    else:
        yield math.nan


@pytest.mark.parametrize("key", [item.name for item in fields(VendorLimits)])
def test_a_vendors_limit_that_is_no_number_allows_nothing(key: str) -> None:
    embodiment, vendor = loaded(FRANKA)
    limit = getattr(vendor, key)
    if limit is None:
        return
    for item in fields(limit):
        if item.name != "source":
            for spoiled in with_nan(getattr(limit, item.name)):
                wrong = replace(vendor, **{key: replace(limit, **{item.name: spoiled})})
                assert "the vendor's nan" in wider_limits(embodiment, wrong)[0], item.name


def test_a_velocity_that_is_allowed_in_the_middle_only_is_told() -> None:
    embodiment, vendor = loaded(FRANKA)
    joint = replace(embodiment.joints["joint1"], position_rad=(-2.5, 2.74))
    (told,) = wider_limits(replace(embodiment, joints={**embodiment.joints, "joint1": joint}), vendor)
    assert told.startswith(
        "joint1 velocity_rad_s at the nearer end of its range 1.25 is wider than the vendor's 0.736668 ("
    )


def test_a_robot_without_an_entry_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no vendor's limits of 'ur7'; there are: ur5, ur5e, franka, arx5, arx5_x5, aloha"
    ):
        load_vendor_limits(tmp_path / "robots" / "ur7.yaml", "ur7")


def test_a_robot_from_elsewhere_brings_its_own(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "vendor_limits.yaml").write_text("robots: {}")
    with pytest.raises(ConfigError, match=f"{tmp_path}.*no vendor's limits of 'ur5'"):
        load_vendor_limits(tmp_path / "robots" / "ur5.yaml", "ur5")


@pytest.mark.parametrize("key", ["position_rad", "velocity_rad_s", "acceleration_rad_s2", "jerk_rad_s3"])
@pytest.mark.parametrize("change", [lambda values: values[:-1], lambda values: (*values, values[-1])])
def test_a_list_of_another_length_than_the_arm_is_an_error(key: str, change: Callable[[Any], Any]) -> None:
    embodiment, vendor = loaded(FRANKA)
    limit = getattr(vendor, key)
    wrong = replace(vendor, **{key: replace(limit, values=change(limit.values))})
    with pytest.raises(ConfigError, match=rf"vendor's limits of franka: {key} is of [68] joints, an arm has 7"):
        wider_limits(embodiment, wrong)


@pytest.mark.parametrize("key", ["offset_rad_s", "deceleration_rad_s2", "ends_rad"])
def test_so_is_one_of_the_limits_near_the_ends(key: str) -> None:
    embodiment, vendor = loaded(FRANKA)
    near = vendor.velocity_near_ends
    assert near is not None
    wrong = replace(vendor, velocity_near_ends=replace(near, **{key: getattr(near, key)[:-1]}))
    with pytest.raises(ConfigError, match=rf"velocity_near_ends\.{key} is of 6 joints, an arm has 7"):
        wider_limits(embodiment, wrong)
