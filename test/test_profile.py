"""Policy profiles: what ships is right for its robots, what is wrong is named with the valid choices."""

import dataclasses
from pathlib import Path

import pytest
import yaml
from fake_policy import BASELINE, ROOT, UR5
from test_safety_two_arms import two_arms

from ros_wam.config import dump
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.profile import load_profile

PROFILES = sorted((ROOT / "config" / "policies").glob("*.yaml"))


REQUEST = yaml.safe_load(dump(BASELINE))["request"]
IMAGES = REQUEST["images"][0]
ACTION = {"space": "joint_position", "horizon": 30}


def write(folder: Path, **changes: object) -> Path:
    """The baseline profile as a file, with keys changed; None removes one."""
    data = {**yaml.safe_load(dump(BASELINE)), **changes}
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in data.items() if value is not None}))
    return path


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_that_ships_is_named_as_its_file(path: Path) -> None:
    assert load_profile(path).name == path.stem


@pytest.mark.parametrize("robot", ["ur5", "ur5e"])
def test_baseline_fits_its_robots(robot: str) -> None:
    BASELINE.check_robot(load_embodiment(ROOT / "robots" / f"{robot}.yaml"))


def test_profile_survives_being_written(tmp_path: Path) -> None:
    assert load_profile(write(tmp_path)) == BASELINE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"transport": "carrier_pigeon"}, "transport is 'carrier_pigeon', must be one of websocket"),
        ({"codec": "pickle"}, "codec is 'pickle', must be one of openpi"),
        ({"action": {**ACTION, "space": "ee_pose"}}, "action: space is 'ee_pose', must be one of joint_position,"),
        ({"must_declare": ["weather"]}, "must_declare or declares is 'weather', must be one of embodiment, views,"),
        ({"url": "http://x"}, "url is 'http://x', must be a URL that starts with"),
        ({"timeouts": {"connect_s": 1, "first_call_s": 0, "call_s": 1}}, "timeouts: first_call_s is 0.0, must be"),
        ({"timeouts": {"connect_s": 1, "first_call_s": 1}}, "missing key call_s"),
        ({"rate_hz": float("nan")}, "rate_hz: nan must be finite"),
        ({"request": {**REQUEST, "images": [{**IMAGES, "size": [0, 320]}]}}, "size is (0, 320), must be above 0"),
        ({"request": {**REQUEST, "images": []}}, "images is empty, must name"),
        ({"action": {**ACTION, "horizon": 1}}, "action: horizon is 1, must be at least 2"),
        ({"execution_horizon": 15}, "unknown key execution_horizon; valid keys: name,"),
        (
            {"execution": {"strategy": "hope", "horizon": 15}},
            "execution: strategy is 'hope', must be one of sequential, receding, async, ensemble",
        ),
        ({"execution": {"horizon": 30}}, "execution: horizon is 30, must be 1 to 29"),
        ({"execution": {"horizon": 0}}, "execution: horizon is 0, must be 1 to 29"),
        ({"execution": {"strategy": "async"}}, "execution: horizon is None, must be 1 to 29"),
        ({"execution": {"strategy": "sequential", "horizon": 1}}, "execution: horizon is 1, must be 2 to 30"),
        (
            {"execution": {"strategy": "ensemble", "horizon": 15}},
            "execution: horizon is 15, must be left out: ensemble takes none",
        ),
        ({"execution": {"horizons": 15}}, "unknown key horizons; valid keys: strategy, horizon"),
        ({"request": {**REQUEST, "rtc": {"delay_at": "rest"}}}, "missing key actions_at"),
        ({"request": {**REQUEST, "images": [{**IMAGES, "views": {}}]}}, "views is {}, must be a map of"),
        ({"request": {**REQUEST, "images": [{**IMAGES, "axes": "WHC"}]}}, "axes is 'WHC', must be HWC or CHW after"),
        ({"freshness": {"max_age_s": -1.0}}, "freshness: max_age_s is -1.0"),
        ({"speed": 11}, "unknown key speed; valid keys: name, url,"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile(write(tmp_path, **changes))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"request": {**REQUEST, "images": [{**IMAGES, "views": {"side": "image"}}]}},
            "policy baseline on ur5: request: view is 'side', must be one of wrist, global",
        ),
        (
            {"request": {**REQUEST, "state": [{"at": "s", "columns": ["joint9"]}]}},
            "state: s is ['joint9'], must be joints of joint1, joint2",
        ),
        (
            {"request": {**REQUEST, "images": [{**IMAGES, "views": {"wrist": "a", "global": "a"}}]}},
            "request: key path 'a' is empty, or that of two values of a request",
        ),
        ({"request": {**REQUEST, "constants": {"prompt": "x"}}}, "request: key path 'prompt' is empty, or that of two"),
        ({"request": {**REQUEST, "prompt_at": "observation/joint_position > x"}}, "joint_position > x' does not fit"),
        (
            {"reply": {"actions": [{"at": "a", "columns": ["joint1", "gripper"]}]}},
            "columns is ['joint1', 'gripper'], must be columns for ur5: the joints joint1, joint2",
        ),
    ],
)
def test_what_the_robot_lacks_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    profile = load_profile(write(tmp_path, **changes))
    with pytest.raises(ConfigError) as caught:
        profile.check_robot(UR5)
    assert message in str(caught.value)


def test_words_stand_for_what_the_robot_has() -> None:
    robot = dataclasses.replace(two_arms(), views=("left_wrist", "high"))
    fitted = load_profile(ROOT / "config" / "policies" / "baseline.yaml").for_robot(robot)
    assert fitted.views == robot.views
    assert fitted.request.images[0].views == {view: f"observation/{view}_image" for view in robot.views}
    state = {each.at: each.columns for each in fitted.request.state}
    assert state["observation/gripper_position"] == ("left_gripper", "right_gripper")
    arms = tuple(name for name in robot.joint_names if "gripper" not in name)
    assert state["observation/joint_position"] == arms and len(arms) == len(robot.joint_names) - 2
    assert fitted.reply.columns == fitted.action_labels == robot.joint_names


def test_a_robot_without_what_is_named_is_refused(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path, reply={"actions": [{"at": "actions", "columns": ["arms"]}]}))
    with pytest.raises(ConfigError, match=r"columns is \['joint1', .* must be columns for ur5: the joints"):
        profile.for_robot(UR5)


def test_views_without_a_key_path_each_are_refused(tmp_path: Path) -> None:
    images = {**IMAGES, "views": {"all": "{camera}_image"}}
    profile = load_profile(write(tmp_path, request={**REQUEST, "images": [images]}))
    with pytest.raises(ConfigError, match=r"request: key path '\{camera\}_image' is empty, or that of two values"):
        profile.for_robot(UR5)
