"""`python:MODULE:FACTORY`, and how policies to serve are named."""

import sys
from pathlib import Path

import pytest
from fake_policy import UR5, FakePolicy

from ros_wam.errors import ConfigError
from ros_wam.policies import make_policy

MODULE = """
from fake_policy import FakePolicy
ROBOTS = []
def make(robot):
    ROBOTS.append(robot.name)
    return FakePolicy()
def nothing(robot):
    return object()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    name = f"policy_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    return name


def test_the_factory_is_given_the_robot(module: str) -> None:
    policy = make_policy(f"python:{module}:make", UR5, Path())
    assert type(policy).__name__ == FakePolicy.__name__
    assert sys.modules[module].ROBOTS == ["ur5"]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("{}", "must be python:MODULE:FACTORY"),
        ("{}:", "must be python:MODULE:FACTORY"),
        ("{}:build", r"policy_of_.*\.py has no function build"),
        ("{}:ROBOTS", r"has no function ROBOTS"),
        ("{}:nothing", "its object has no metadata, warm_up, new_session, infer; see FunctionPolicy"),
        ("no_such_module:make", "cannot import no_such_module: No module named 'no_such_module'"),
    ],
)
def test_what_cannot_be_made_is_told(module: str, what: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_policy(f"python:{what.format(module)}", UR5, Path())


@pytest.mark.parametrize("name", ["", "baselines", "baseline:x", "torch", "torch:", "python:"])
def test_a_policy_that_is_none_is_told_what_there_is(name: str) -> None:
    with pytest.raises(ConfigError, match=r"to serve; there are: baseline, torch:FILE, .*python:MODULE:FACTORY"):
        make_policy(name, UR5, Path())


def test_a_device_is_for_policies_that_take_one(module: str) -> None:
    for name in ("baseline", f"python:{module}:make"):
        with pytest.raises(ConfigError, match="device is 'cuda', must be left out"):
            make_policy(name, UR5, Path(), "cuda")


def test_without_torch_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    text = "{robot: ur5, rate_hz: 30, image_size: [8, 8], inputs: [{views: [wrist]}], actions: {horizon: 4}}"
    (tmp_path / "act.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"torch is not installed .*: pip install '.\[torch\]' in a checkout"):
        make_policy(f"torch:{tmp_path / 'act.pt'}", UR5, Path())
