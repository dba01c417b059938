"""The doctor's rows of versions."""

import re

import pytest
from doctor_fixtures import FACTS, ROOT, failed

from ros_wam.doctor.versions import TRIED, version_checks
from ros_wam.drivers import DRIVERS


def test_the_versions_that_were_tried() -> None:
    assert failed(version_checks("ur5", FACTS)) == []


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        ({**FACTS, "library": "ur_rtde 1.5.0"}, ["library"]),
        ({**FACTS, "firmware": "URSoftware 1.8"}, ["firmware"]),
        ({}, ["library", "firmware"]),
    ],
)
def test_other_versions(facts: dict[str, str], names: list[str]) -> None:
    assert failed(version_checks("ur5", facts)) == names


def test_a_driver_that_is_not_known_must_be_connected() -> None:
    assert failed(version_checks("/home/me/fifth.py", {**FACTS, "library": "fifth 0.1"})) == []
    assert failed(version_checks("/home/me/fifth.py", {})) == ["library", "firmware"]


@pytest.mark.parametrize("driver", ["franka", "arx5", "/home/me/fifth.py"])
def test_a_firmware_that_is_not_told_does_not_read_like_one_that_was_compared(driver: str) -> None:
    library = TRIED[driver].library if driver in TRIED else "fifth 0.1"
    told = {"library": library, "firmware": "not told", "safety_mode": "none"}
    _, firmware = version_checks(driver, told)
    assert (firmware.ok, firmware.value, firmware.limit) == (True, "not told", "any: not told by this robot")
    assert not version_checks("ur5", {**FACTS, "firmware": "not told"})[1].ok


def test_neither_does_one_that_is_told_and_not_compared() -> None:
    told = {"library": TRIED["aloha"].library, "firmware": "45", "safety_mode": "none"}
    _, firmware = version_checks("aloha", told)
    assert (firmware.ok, firmware.value, firmware.limit) == (True, "45", "any: not compared")


def test_the_libraries_are_those_that_are_installed_with_the_package() -> None:
    pinned = dict(re.findall(r'"([\w-]+)==([\d.]+)"', (ROOT / "setup.py").read_text()))
    for tried in TRIED.values():
        name, number = tried.library.replace("_", "-").split()
        assert [pinned[known] for known in pinned if known.startswith(name) and known != "franky-sim"] == [number]


def test_every_driver_that_ships_is_listed() -> None:
    assert set(TRIED) == set(DRIVERS)
