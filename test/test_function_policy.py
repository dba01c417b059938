"""A policy that is one function: what it is shown, what it declares, what of its answers is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import ROOT, UR5

from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, SpecError
from ros_wam.policies.function_policy import WARM_UP_CALLS, FunctionPolicy
from ros_wam.policies.request_reader import Seen

ALOHA = load_embodiment(ROOT / "robots" / "aloha.yaml")
REQUEST: dict[str, Any] = {
    "observation/wrist_image": np.full((24, 32, 3), 1, np.uint8),
    "observation/global_image": np.full((24, 32, 3), 2, np.uint8),
    "observation/joint_position": np.arange(6.0),
    "observation/gripper_position": 0.5,
    "observation/stamp_ns": 9,
    "prompt": "tidy up",
}


class Recorder:
    """Acts by answering zeros, and keeps what it was shown."""

    def __init__(self, shape: tuple[int, int] = (4, 7)) -> None:
        self.shape = shape
        self.seen: list[Seen] = []
        self.memories: list[Any] = []

    def __call__(self, seen: Seen, memory: Any) -> Any:
        self.seen.append(seen)
        self.memories.append(memory)
        return np.zeros(self.shape, np.float32)


def policy(act: Recorder, **changes: Any) -> FunctionPolicy:
    return FunctionPolicy(act, **{"robot": UR5, "horizon": 4, "rate_hz": 10.0, "image_size": (24, 32), **changes})


def test_it_is_shown_what_the_request_holds() -> None:
    act = Recorder()
    answer = policy(act).infer(REQUEST, None)
    (seen,) = act.seen
    assert (seen.prompt, seen.stamp_ns, seen.ongoing) == ("tidy up", 9, None)
    assert {view: image[0, 0, 0] for view, image in seen.images.items()} == {"wrist": 1, "global": 2}
    assert seen.joints.tolist() == [0, 1, 2, 3, 4, 5, 0.5]
    assert answer["actions"].shape == (4, 7)


def test_joints_are_in_the_robots_order() -> None:
    act = Recorder((4, 14))
    black = np.zeros((24, 32, 3), np.uint8)
    served = policy(act, robot=ALOHA, views=("high",))
    arms, grippers = {"observation/joint_position": np.arange(12.0)}, {"observation/gripper_position": [0.25, 0.75]}
    served.infer({"observation/high_image": black, "prompt": "", **arms, **grippers}, None)
    assert act.seen[0].joints.tolist() == [0, 1, 2, 3, 4, 5, 0.25, 6, 7, 8, 9, 10, 11, 0.75]
    assert list(act.seen[0].images) == ["high"]


def test_it_declares_what_it_is() -> None:
    act = Recorder((1, 7))
    columns = ("arm.xyz", "arm.rpy", "gripper")
    declared = policy(act, views=("wrist",), columns=columns, horizon=1, rtc=True).metadata
    assert declared == {
        "embodiment": "ur5",
        "views": ["wrist"],
        "image_size": [24, 32],
        "action_layout": ["arm.xyz", "arm.rpy", "gripper"],
        "action_horizon": 1,
        "rate_hz": 10.0,
        "rtc": True,
    }
    assert policy(act).metadata["action_layout"] == list(UR5.joint_names)


def test_each_client_has_a_memory_of_its_own() -> None:
    act = Recorder()
    served = policy(act, begin=list)
    first, second = served.new_session(), served.new_session()
    first.append("seen before")
    for session in (first, second):
        served.infer(REQUEST, session)
    assert act.memories == [["seen before"], []]


def test_it_is_warmed_up_in_sessions_that_are_no_clients() -> None:
    act = Recorder()
    served = policy(act, begin=list, image_keys={"wrist": "hand"})
    served.warm_up()
    assert act.memories == [[]] * WARM_UP_CALLS
    assert act.seen[0].joints.tolist() == UR5.home_position.tolist()
    assert act.seen[0].images["wrist"].shape == (24, 32, 3)


def test_a_view_may_have_a_key_that_is_not_ours() -> None:
    act = Recorder()
    request = {**REQUEST, "observation/exterior_image_1_left": np.full((24, 32, 3), 7, np.uint8)}
    policy(act, image_keys={"global": "observation/exterior_image_1_left"}).infer(request, None)
    assert act.seen[0].images["global"][0, 0, 0] == 7


def test_what_the_robot_goes_on_doing_is_in_the_columns_of_the_answer() -> None:
    act = Recorder()
    rows = np.arange(21.0).reshape(3, 7)
    policy(act).infer({**REQUEST, "observation/remaining_actions": rows, "observation/delay_rows": 2}, None)
    ongoing = act.seen[0].ongoing
    assert ongoing is not None
    assert (ongoing.rows.tolist(), ongoing.delay_rows) == (rows.tolist(), 2)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("observation/wrist_image", np.zeros((24, 33, 3), np.uint8), r"wrist_image: shape is \(24, 33, 3\)"),
        ("observation/wrist_image", np.zeros((24, 32, 3)), "dtype is float64, must be uint8"),
        ("observation/joint_position", np.zeros(7), r"joint_position: shape is \(7,\), must be \(6,\)"),
        ("observation/joint_position", np.full(6, np.nan), "not finite"),
        ("observation/stamp_ns", 1.5, "stamp_ns is 1.5"),
        ("prompt", 3, "prompt is 3"),
        ("observation/remaining_actions", np.zeros((2, 6)), r"shape is \(2, 6\), must be \('any', 7\)"),
    ],
)
def test_a_request_that_is_wrong_is_refused(key: str, value: Any, words: str) -> None:
    act = Recorder()
    with pytest.raises(SpecError, match=words):
        policy(act).infer({**REQUEST, key: value}, None)
    assert act.seen == []


def test_a_request_without_a_prompt_or_picture_is_refused() -> None:
    for key in ("prompt", "observation/global_image", "observation/gripper_position"):
        with pytest.raises(SpecError, match=f"request has no '{key}'; it has: "):
            policy(Recorder()).infer({name: value for name, value in REQUEST.items() if name != key}, None)


@pytest.mark.parametrize("shape", [(3, 7), (4, 6), (4, 7, 1)])
def test_an_answer_of_another_shape_is_refused(shape: Any) -> None:
    with pytest.raises(SpecError, match=r"the policy's answer: shape is .*, must be \(4, 7\)"):
        policy(Recorder(shape)).infer(REQUEST, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"views": ("high",)}, "views is .'high'., ur5 has wrist, global"),
        ({"columns": ("elbow",)}, "columns is .'elbow'., ur5 has joint1"),
        ({"image_keys": {"wirst": "hand"}}, "image_keys is .'wirst'., ur5 has wrist, global"),
        ({"image_size": (224, 0)}, r"image_size is \[224, 0\], must be a height and a width above 0"),
        ({"horizon": 0}, "horizon 0 and rate_hz 10 must be above 0"),
        ({"rate_hz": float("nan")}, "rate_hz nan must be above 0"),
    ],
)
def test_what_the_robot_does_not_have_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        policy(Recorder(), **changes)


def test_program_files_are_checked(tmp_path: Path) -> None:
    from ros_wam.config import build
    from ros_wam.policies.program_file import ProgramFile

    right: dict[str, Any] = {
        "robot": "ur5",
        "rate_hz": 30.0,
        "image_size": [24, 32],
        "inputs": [{"views": ["wrist"]}, {"joints": ["all"]}],
        "actions": {"horizon": 4},
    }
    assert build(right, ProgramFile, "file").views == ("wrist",)
    for inputs, words in (
        ([{"joints": ["all"]}], "none has views"),
        ([{"views": ["wrist"], "joints": ["all"]}], "exactly one of views, joints and ongoing"),
        ([{"views": ["wrist", "global"]}], "axes is 'BCHW', must be one of .* with V for several views"),
        ([{"views": ["wrist"], "axes": "CHW"}], "axes is 'CHW'"),
        ([{"views": ["wrist"]}, {"ongoing": "prefix"}], "ongoing is 'prefix', must be one of rows, delay"),
    ):
        with pytest.raises(ConfigError, match=words):
            build({**right, "inputs": inputs}, ProgramFile, "file")
