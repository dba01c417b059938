"""The baseline as it is served: what it declares, what it accepts, what it answers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_tabletop import CALIBRATION, POSES, ROOT, VIEWS, ToyTabletop, ur5

from ros_wam.clock import FakeClock
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, SpecError
from ros_wam.policies import make_policy
from ros_wam.policies.baseline import BaselinePolicy
from ros_wam.policies.grasp import grasp_vectors, is_held
from ros_wam.policies.scene_memory import Sighting
from ros_wam.policies.things import CLUTTER
from ros_wam.policy.handshake import check_metadata
from ros_wam.policy.profile import load_profile

EMBODIMENT = ur5()
HOME = EMBODIMENT.home_position
TIDY = "place all the clutter on the desk into the white box"


def request(stamp_ns: int | None = 5) -> dict[str, Any]:
    images = ToyTabletop(EMBODIMENT, POSES).images()
    asked: dict[str, Any] = {f"observation/{view}_image": image for view, image in images.items()}
    asked |= {"observation/joint_position": HOME[:6], "observation/gripper_position": HOME[6:], "prompt": TIDY}
    return asked if stamp_ns is None else asked | {"observation/stamp_ns": stamp_ns}


def policy(now_ns: int = 0) -> BaselinePolicy:
    return BaselinePolicy(EMBODIMENT, VIEWS, FakeClock(now_ns))


@pytest.mark.parametrize("robot", ["ur5", "ur5e", "franka", "arx5", "aloha"])
def test_it_declares_what_its_profile_expects(robot: str) -> None:
    embodiment = load_embodiment(ROOT / "robots" / f"{robot}.yaml")
    served = make_policy("baseline", embodiment, ROOT / "calib" / robot / "sim")
    check_metadata(
        load_profile(ROOT / "config" / "policies" / "baseline.yaml").for_robot(embodiment), embodiment, served.metadata
    )


def test_it_answers_one_second_of_rows_that_start_where_the_robot_is() -> None:
    served = policy()
    served.warm_up()
    actions = served.infer(request(), served.new_session())["actions"]
    assert actions.shape == (30, 7)
    assert actions[0] == pytest.approx(HOME, abs=0.2)
    assert np.abs(actions[0] - HOME)[:6].max() < 1e-3
    assert np.abs(actions[-1] - HOME)[:6].max() > 0.1


def test_the_same_observations_get_the_same_rows() -> None:
    served = policy()
    first, second = (served.infer(request(), served.new_session())["actions"] for _ in range(2))
    assert (first == second).all()


def test_without_a_stamp_the_time_of_arrival_counts() -> None:
    clock = FakeClock(5)
    served = BaselinePolicy(EMBODIMENT, VIEWS, clock)
    stamped, unstamped, early = (served.new_session() for _ in range(3))
    first = [served.infer(request(stamp_ns), session) for session, stamp_ns in ((stamped, 5), (unstamped, None))]
    served.infer(request(5), early)
    clock.advance_ns(500_000_000)
    second = [served.infer(request(stamp_ns), s) for s, stamp_ns in ((stamped, 500_000_005), (unstamped, None))]
    for with_stamp, without in (first, second):
        assert (with_stamp["actions"] == without["actions"]).all()
    assert (served.infer(request(250_000_005), early)["actions"] != second[0]["actions"]).any()


@pytest.mark.parametrize("key", ["observation/wrist_image", "observation/joint_position", "prompt"])
def test_what_is_missing_is_named(key: str) -> None:
    asked = request()
    del asked[key]
    with pytest.raises(SpecError, match=key):
        policy().infer(asked, policy().new_session())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("observation/wrist_image", np.zeros((224, 224, 3), np.uint8)),
        ("observation/global_image", np.zeros((240, 320, 3), np.float32)),
        ("observation/joint_position", np.zeros(7)),
        ("observation/gripper_position", np.array([np.nan])),
        ("observation/stamp_ns", 1.5),
    ],
)
def test_what_is_wrong_is_named(key: str, value: Any) -> None:
    with pytest.raises(SpecError, match=key):
        policy().infer(request() | {key: value}, policy().new_session())


def test_views_must_have_one_size_and_a_calibration() -> None:
    views = {**VIEWS, "wrist": replace(VIEWS["wrist"], width=640)}
    with pytest.raises(ConfigError, match="one size"):
        BaselinePolicy(EMBODIMENT, views, FakeClock())
    with pytest.raises(ConfigError, match="cannot read"):
        make_policy("baseline", EMBODIMENT, CALIBRATION / "nowhere")


def test_a_robot_that_does_not_suit_is_told_when_it_is_asked() -> None:
    served = BaselinePolicy(EMBODIMENT, {"wrist": VIEWS["wrist"]}, FakeClock())
    served.warm_up()
    with pytest.raises(ConfigError, match="no view global"):
        served.infer(request(), served.new_session())


def test_a_prompt_that_asks_for_nothing_known_is_told_what_can_be_asked_for() -> None:
    served = policy()
    with pytest.raises(SpecError, match=f"'bake a cake'.*'{TIDY}'"):
        served.infer(request() | {"prompt": "bake a cake"}, served.new_session())
    with pytest.raises(SpecError, match="prompt is 3"):
        served.infer(request() | {"prompt": 3}, served.new_session())


def test_a_new_prompt_begins_new_work_and_the_same_one_goes_on() -> None:
    served, client = policy(), policy().new_session()
    served.infer(request(), client)
    assert client.work is not None
    begun = client.work
    served.infer(request(), client)
    assert client.work is begun
    served.infer(request() | {"prompt": "Tidy up!"}, client)
    assert client.work is not begun


def test_other_views_are_ignored() -> None:
    views = {**VIEWS, "side": VIEWS["global"]}
    served = BaselinePolicy(EMBODIMENT, views, FakeClock())
    assert served.metadata["views"] == ["wrist", "global", "side"]
    assert served.infer(request(), served.new_session())["actions"].shape == (30, 7)


def test_a_grasp_is_across_the_shorter_side_and_clear_of_neighbours() -> None:
    bar, cube = CLUTTER[2], CLUTTER[0]
    along_x = Sighting(-0.5, 0.0, 0.0, 0.005, 0)
    assert grasp_vectors(bar, along_x, {}, 1.4, 1.57, 0.085)[0][3] == pytest.approx(np.pi / 2)
    beside = {"bar": Sighting(-0.5, 0.05, 0.0, 0.005, 0)}
    assert grasp_vectors(cube, along_x, {}, 1.4, 1.57, 0.085)[0][3] == pytest.approx(np.pi / 2)
    assert grasp_vectors(cube, along_x, beside, 1.4, 1.57, 0.085)[0][3] == pytest.approx(0.0)


@pytest.mark.parametrize(("opening", "held"), [(0.0, False), (0.2, False), (0.47, True), (0.82, False)])
def test_the_fingers_tell_what_is_between_them(opening: float, held: bool) -> None:
    assert is_held(CLUTTER[0], opening, 0.085) is held
