"""What each launch file asks for when it is given a robot and nothing else; ROS 2's launch tools are not needed."""

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from ros_wam.bringup import EVERYTHING, bringup, clear
from ros_wam.errors import ConfigError
from ros_wam.launch_arguments import ARGUMENTS, request
from ros_wam.share import share_dir
from ros_wam.task import load_task

ROBOTS = sorted(path.stem for path in (share_dir() / "robots").glob("*.yaml"))
FILES = sorted((share_dir() / "launch").glob("*.launch.py"))
GIVEN = {name: default for name, (default, _) in ARGUMENTS.items()}


@pytest.fixture(params=FILES, ids=lambda file: file.name.removesuffix(".launch.py"))
def described(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The parts that a launch file starts, and the defaults of the arguments that it takes."""
    tools, describing = ModuleType("launch"), ModuleType("ros_wam.nodes.launch_description")
    tools.LaunchDescription = object  # type: ignore[attr-defined]
    describing.describe = lambda *described: described  # type: ignore[attr-defined]
    for module in (tools, describing):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    parts, arguments = runpy.run_path(str(request.param))["generate_launch_description"]()
    return parts, {name: GIVEN[name] for name in arguments}


@pytest.mark.parametrize("robot", ROBOTS)
def test_each_file_simulates_every_robot_by_its_name_alone(
    described: tuple[tuple[str, ...], Mapping[str, str]], robot: str, tmp_path: Path
) -> None:
    parts, defaults = described
    wanted = {**defaults, "robot": robot, "record_dir": str(tmp_path)}
    if "sim" in wanted:
        wanted["sim"] = "true"
    run = bringup(request(wanted, parts), parts)
    clear(run)
    assert run.config.sim
    assert run.config.task is not None
    assert robot in load_task(run.config.task).robots
    assert (run.config.sitting_dir is not None) == ("trial" in parts)


def test_a_task_that_is_named_is_taken() -> None:
    given = {**GIVEN, "robot": "ur5", "task": "press_three_buttons", "sim": "True"}
    assert request(given, ("sim",)).task == "press_three_buttons"


def test_a_real_robot_without_trials_needs_no_task() -> None:
    assert request(GIVEN, ("sim", "cameras", "robot")).task is None
    assert request(GIVEN, ("sim", "robot", "trial")).task is not None


def test_a_robot_that_no_task_suits_is_told(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").touch()
    given = {**GIVEN, "robot": str(tmp_path / "acme.yaml"), "sim": "1"}
    with pytest.raises(ConfigError, match="no task in config/tasks suits acme: name one by task:="):
        request(given, ("sim",))


def test_without_a_policy_the_first_leader_of_the_station_leads() -> None:
    given = {name: text for name, text in GIVEN.items() if name != "policy"} | {"sim": "true", "robot": "aloha"}
    assert request(given, ("sim", "robot", "teleop", "trial")).device == "aloha"
    assert request({**given, "device": "other.py"}, ("sim", "robot", "teleop", "trial")).device == "other.py"
    assert request(given, ("sim", "robot")).device is None
    assert request({**GIVEN, "sim": "true"}, EVERYTHING).device is None
    assert request({**GIVEN, "sim": "true", "device": "gello"}, EVERYTHING).device == "gello"


def test_a_launched_process_has_no_terminal_to_type_in() -> None:
    with pytest.raises(ConfigError, match=r"device:=keyboard: launched processes have no terminal .* ros-wam teleop"):
        request({**GIVEN, "sim": "true", "device": "keyboard"}, EVERYTHING)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"sim": "yes"}, "sim:=yes must be one of true, 1, false, 0"),
        ({"trials": "0"}, "trials:=0 must be a whole number of at least 1"),
        ({"operator": "me"}, "operator:=me must be one of true, 1, false, 0"),
        ({"seed": "-1"}, "seed:=-1 must be a whole number of at least 0"),
        ({"robot": "ur7"}, "no 'ur7' in robots; there are: .*ur5e"),
    ],
)
def test_an_argument_that_is_wrong_is_told(argument: Mapping[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        request({**GIVEN, "sim": "true", **argument}, ("sim",))
