"""Sittings with the profiles that differ from another of their family in a few numbers only; none is left out."""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from wire.family_conformance import FamilyConformance
from wire.lerobot_server import LerobotServer
from wire.openpi_server import OpenpiServer, droid_position, droid_velocity, libero, state_held
from wire.roboarena_server import DreamZeroServer
from wire.seen import eightfold, robot_named
from wire.test_openpi import SGLANG

from ros_wam.policy.profile import Profile
from ros_wam.share import share_dir

OPENPI, LEROBOT = "observation/state", "empty answer"
OTHERS: dict[str, tuple[str, str, Callable[[], AbstractContextManager[Any]]]] = {
    "pi0_droid": ("franka", OPENPI, lambda: OpenpiServer(droid_velocity(10))),
    "pi0_fast_droid": ("franka", OPENPI, lambda: OpenpiServer(droid_velocity(10))),
    "pi05_droid_jointpos": ("franka", OPENPI, lambda: OpenpiServer(droid_position(16))),
    "pi0_libero": ("franka", OPENPI, lambda: OpenpiServer(libero(50))),
    "pi0_fast_libero": ("franka", OPENPI, lambda: OpenpiServer(libero(10))),
    "pi0_aloha": ("aloha", "state", lambda: OpenpiServer(state_held(50))),
    "pi05_aloha": ("aloha", "state", lambda: OpenpiServer(state_held(50))),
    "sglang_openpi": ("franka", "state", lambda: OpenpiServer(state_held(50), SGLANG, path="/openpi/policy")),
    "dreamzero_5b": ("franka", OPENPI, lambda: DreamZeroServer((160, 320))),
    "lerobot_act": ("aloha", LEROBOT, LerobotServer),
    "lerobot_pi0": ("aloha", LEROBOT, LerobotServer),
    "lerobot_pi05": ("franka", LEROBOT, LerobotServer),
    "lerobot_smolvla": ("arx5", LEROBOT, LerobotServer),
    "lerobot_diffusion": ("ur5", LEROBOT, LerobotServer),
}


@pytest.fixture(autouse=True)
def _checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEROBOT_CHECKPOINT", "a-lab/a-checkpoint")


@pytest.mark.thorough
@pytest.mark.parametrize("name", OTHERS)
class TestOther(FamilyConformance):
    @pytest.fixture(autouse=True)
    def family(self, name: str) -> None:
        self.profile, (self.robot, self.error, self._make) = name, OTHERS[name]
        self.resets = name.startswith(("lerobot", "dreamzero"))

    def make_server(self) -> AbstractContextManager[Any]:
        return self._make()

    def adapted(self, profile: Profile) -> Profile:
        robot = robot_named(self.robot)
        return eightfold(profile.for_robot(robot), robot) if profile.name == "sglang_openpi" else profile


def test_every_profile_that_ships_has_a_sitting() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"wire.{path.stem}")
    sat = {family.profile for family in FamilyConformance.__subclasses__() if hasattr(family, "profile")}
    shipped = {path.stem for path in (share_dir() / "config/policies").glob("*.yaml")}
    assert shipped - sat - set(OTHERS) == set()
