"""docs/policies.md: its files are used as they stand there, with stand-ins for the modules of other projects."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from fake_policy import ROOT

from ros_wam.config import build
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.policies import make_policy
from ros_wam.policies.function_policy import FunctionPolicy
from ros_wam.policies.program_file import ProgramFile
from ros_wam.policy.handshake import check_metadata
from ros_wam.policy.profile import load_profile

PAGE = (ROOT / "docs/policies.md").read_text()
LISTINGS = dict(re.findall(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))


class Tensor(np.ndarray):
    """What the examples ask of a tensor."""

    def permute(self, *axes: int) -> Any:
        return self.transpose(axes)

    def cpu(self) -> Any:
        return self

    def numpy(self) -> Any:
        return np.asarray(self)


NO_GRAD = SimpleNamespace(on=False)


@contextmanager
def no_grad() -> Iterator[None]:
    NO_GRAD.on = True
    yield
    NO_GRAD.on = False


def tensor(value: Any, dtype: Any = None, device: Any = None) -> Any:
    return np.array(value, dtype).view(Tensor)


def module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page, in which we are."""
    for name, text in LISTINGS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in LISTINGS:
        monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)
    torch = module("torch", tensor=tensor, float32=np.float32, load=lambda name, **how: {"embeddings": name, **PAYLOAD})
    torch.no_grad = no_grad
    monkeypatch.setitem(sys.modules, "torch", torch)
    return tmp_path


PAYLOAD: dict[str, Any] = {"cfg": SimpleNamespace(_target_="Workspace")}


def robot_named(name: str) -> Embodiment:
    return load_embodiment(ROOT / "robots" / f"{name}.yaml")


def served(example: str) -> FunctionPolicy:
    policy = make_policy(f"python:{example}:make", robot_named(example.rpartition("_")[2]), Path())
    assert isinstance(policy, FunctionPolicy)
    return policy


def request(policy: FunctionPolicy, shade: int, prompt: str = "tidy up") -> dict[str, Any]:
    """A request that the policy takes, with pictures of a shade."""
    asked = policy._reader.example(policy.metadata["views"])
    pictures = {key: value + np.uint8(shade) for key, value in asked.items() if key.endswith("_image")}
    return {**asked, **pictures, "prompt": prompt}


def test_the_page_lists_every_profile_that_ships() -> None:
    table = PAGE.partition("## Profiles that ship")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| [^|]*\| ([^|]*)\|", table, flags=re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == {
        path.stem for path in (ROOT / "config/policies").glob("*.yaml")
    }


def test_the_page_lists_the_files_that_are_tested_here() -> None:
    examples = {"fastwam_aloha.py", "univla_franka.py", "rdt_aloha.py", "diffusion_ur5.py"}
    assert set(LISTINGS) == {*examples, "my_policy.yaml", "act.yaml"}


@pytest.mark.parametrize("robot", ["ur5", "franka", "aloha"])
def test_its_profile_fits_what_is_served_with_it(page: Path, robot: str) -> None:
    embodiment = robot_named(robot)
    policy = FunctionPolicy(lambda seen, memory: np.zeros((16, 1)), embodiment, 16, 20.0, (224, 224))
    check_metadata(load_profile(page / "my_policy.yaml").for_robot(embodiment), embodiment, policy.metadata)


def test_its_program_file_is_one() -> None:
    file = build(yaml.safe_load(LISTINGS["act.yaml"]), ProgramFile, "act.yaml")
    assert (file.views, file.actions.horizon) == (("wrist", "global"), 16)


def test_fast_wam(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def chunk(observation: Any, instruction: str) -> Any:
        asked.append((observation, instruction))
        return np.full((32, 14), 0.5, np.float32)

    model = SimpleNamespace(action_horizon=32, _infer_action_chunk=chunk)
    name = "experiments.robotwin.fastwam_policy.deploy_policy"
    for parent in ("experiments", "experiments.robotwin", "experiments.robotwin.fastwam_policy"):
        monkeypatch.setitem(sys.modules, parent, module(parent, __path__=[]))
    monkeypatch.setitem(sys.modules, name, module(name, get_model=lambda settings: model))
    policy = served("fastwam_aloha")
    assert policy.infer(request(policy, 3), policy.new_session())["actions"].shape == (32, 14)
    observation, instruction = asked[0]
    assert instruction == "tidy up"
    cameras = ("head_camera", "left_camera", "right_camera")
    shapes = {name: view["rgb"].shape for name, view in observation["observation"].items()}
    assert shapes == dict.fromkeys(cameras, (256, 320, 3))
    assert observation["joint_action"]["vector"].tolist() == robot_named("aloha").home_position.tolist()


def test_univla_begins_anew_with_each_episode(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []

    class Model:
        def __init__(self, checkpoint: str, decoder: str, unnorm_key: str) -> None:
            pass

        def reset(self, task: str) -> None:
            said.append(task)

        def step(self, image: Any, task: str, proprio: Any) -> Any:
            said.append((image.shape, float(image.max()), proprio.shape, proprio.dtype.name))
            return np.zeros(7)

    monkeypatch.setitem(
        sys.modules,
        "real_world_deployment",
        module("real_world_deployment", UniVLAInference=Model, DEVICE="cpu"),
    )
    policy = served("univla_franka")
    assert policy.metadata["action_layout"] == ["arm.xyz", "arm.rpy", "gripper"]
    for session in (first := policy.new_session(), first, policy.new_session()):
        assert policy.infer(request(policy, 255), session)["actions"].shape == (1, 7)
    step = ((3, 224, 224), 1.0, (1, 7), "float32")
    assert said == ["tidy up", step, step, "tidy up", step]


def test_rdt_sees_now_and_before(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def step(proprio: Any, images: Any, text_embeds: Any) -> Any:
        asked.append((proprio, [int(image[0, 0, 0]) for image in images], text_embeds))
        return tensor(np.ones((1, 64, 14)))

    (page / "configs").mkdir()
    (page / "configs/base.yaml").write_text("common: {}")
    name = "scripts.agilex_model"
    monkeypatch.setitem(sys.modules, "scripts", module("scripts", __path__=[]))
    create = module(name, create_model=lambda settings, **options: SimpleNamespace(step=step))
    monkeypatch.setitem(sys.modules, name, create)
    image = module("PIL.Image", fromarray=lambda picture: picture)
    monkeypatch.setitem(sys.modules, "PIL", module("PIL", Image=image))
    policy = served("rdt_aloha")
    session = policy.new_session()
    first, second = (policy.infer(request(policy, shade), session)["actions"] for shade in (1, 2))
    assert [shades for _, shades, _ in asked] == [[1] * 6, [1, 1, 1, 2, 2, 2]]
    assert first[0, [0, 6, 13]] == pytest.approx([1.0, 1 / 11.8997, 1 / 13.9231])
    assert second.shape == (64, 14)
    proprio = asked[0][0]
    home = robot_named("aloha").home_position
    assert (proprio.shape, proprio[0, 6]) == ((1, 14), pytest.approx(4.7908 * home[6]))
    assert asked[0][2] == "TASK.pt"


def test_diffusion_policy_is_shown_its_last_observations(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Workspace:
        def __init__(self, settings: Any) -> None:
            model = SimpleNamespace(n_obs_steps=2, n_action_steps=8, predict_action=self.predict)
            model.eval = lambda: model
            model.to = lambda device: model
            self.ema_model = model

        def load_payload(self, payload: Any) -> None:
            assert payload["cfg"] is PAYLOAD["cfg"]

        def predict(self, observed: Any) -> Any:
            assert NO_GRAD.on  # else torch gives no array of the answer
            asked.append(observed)
            return {"action": tensor(np.zeros((1, 8, 7)))}

    monkeypatch.setitem(sys.modules, "dill", module("dill"))
    utils = SimpleNamespace(get_class={"Workspace": Workspace}.__getitem__)
    monkeypatch.setitem(sys.modules, "hydra", module("hydra", utils=utils))
    policy = served("diffusion_ur5")
    session = policy.new_session()
    for shade in (0, 51, 102):
        assert policy.infer(request(policy, shade), session)["actions"].shape == (8, 7)
    assert [observed["camera_0"][0, :, 0, 0, 0].tolist() for observed in asked] == [
        [0.0, 0.0],
        pytest.approx([0.0, 0.2]),
        pytest.approx([0.2, 0.4]),
    ]
    assert {key: (value.shape, value.dtype.name) for key, value in asked[2].items()} == {
        "camera_0": ((1, 2, 3, 240, 320), "float32"),
        "camera_1": ((1, 2, 3, 240, 320), "float32"),
        "robot_joint": ((1, 2, 7), "float32"),
    }
    assert len(session) == 2


def test_every_example_is_short() -> None:
    lengths = {name: text.partition("def make")[2].count("\n") for name, text in LISTINGS.items() if ".py" in name}
    assert max(lengths.values()) <= 16, lengths
