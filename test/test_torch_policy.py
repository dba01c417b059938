"""Programs of PyTorch, served: their arguments, their answers, and what is wrong with a file."""

import dataclasses
import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fake_policy import UR5, observation, profile_for, with_request  # noqa: E402
from torch_programs import COLUMNS, HORIZON, UR5_PROGRAM, Echo, write_program  # noqa: E402

from ros_wam.clock import StationClock  # noqa: E402
from ros_wam.errors import ConfigError, SpecError  # noqa: E402
from ros_wam.policies import make_policy  # noqa: E402
from ros_wam.policies.ongoing import Ongoing  # noqa: E402
from ros_wam.policies.request_reader import Seen  # noqa: E402
from ros_wam.policies.torch_program import TorchProgram  # noqa: E402
from ros_wam.policy.client import make_client  # noqa: E402
from ros_wam.policy.server import PolicyServer  # noqa: E402
from ros_wam.types import Commitment  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
    pytest.mark.filterwarnings("ignore::FutureWarning:torch"),
]
MEAN = np.arange(1, 8) / 10


def seen(ongoing: Ongoing | None = None) -> Seen:
    images = {"wrist": np.full((32, 48, 3), 51, np.uint8), "global": np.full((32, 48, 3), (255, 0, 102), np.uint8)}
    return Seen(0, images, np.arange(7.0), "", ongoing)


@pytest.fixture(params=[".pt", ".pt2"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_program(tmp_path, Echo(), request.param)


def test_arguments_are_as_the_file_says(path: Path) -> None:
    pictures, joints, rows, delay = TorchProgram(path, UR5, "cpu").tensors(seen())
    assert (pictures.shape, pictures.dtype) == ((1, 2, 3, 32, 48), torch.float32)
    assert pictures[0, 0, :, 0, 0].tolist() == pytest.approx(
        [(0.2 - 0.5) / 0.2, (0.2 - 0.4) / 0.5, 0.2 - 0.3], abs=1e-6
    )
    assert pictures[0, 1, :, 5, 5].tolist() == pytest.approx([2.5, -0.8, 0.1], abs=1e-6)
    assert (joints.dtype, joints.tolist()) == (torch.float32, [[(j - 1) / 2 for j in (6, 0, 1, 2, 3, 4, 5)]])
    assert (rows.shape, rows.dtype, rows.abs().sum()) == ((1, HORIZON, COLUMNS), torch.float32, 0)
    assert (delay.dtype, delay.tolist()) == (torch.int64, [0])


@pytest.mark.parametrize(("count", "delay_rows", "told"), [(3, 2, 2), (3, 9, 3), (20, 12, 8)])
def test_what_goes_on_is_told_as_the_program_would_say_it(path: Path, count: int, delay_rows: int, told: int) -> None:
    ongoing = Ongoing(np.tile(MEAN + 2.0, (count, 1)), delay_rows)
    *_, rows, delay = TorchProgram(path, UR5, "cpu").tensors(seen(ongoing))
    filled = min(count, HORIZON)
    assert rows[0, :filled].numpy() == pytest.approx(np.ones((filled, COLUMNS)))
    assert rows[0, filled:].abs().sum() == 0
    assert delay.tolist() == [told]


def test_the_answer_is_in_the_units_of_the_wire(path: Path) -> None:
    program = TorchProgram(path, UR5, "cpu")
    rows = program.forward(program.tensors(seen(Ongoing(np.tile(MEAN, (8, 1)), 1))))
    pictures = np.mean([-1.5, -0.4, -0.1, 2.5, -0.8, 0.1])
    assert rows == pytest.approx(np.tile(MEAN + 2 * (pictures + 2.5 + 1), (HORIZON, 1)), abs=1e-5)


@pytest.mark.parametrize("axes", ["BCHW", "BHWC"])
def test_one_view_may_have_an_argument_of_its_own(axes: str, tmp_path: Path) -> None:
    text = UR5_PROGRAM.replace("views: [wrist, global], axes: BVCHW", f"views: [global], axes: {axes}")
    picture = TorchProgram(write_program(tmp_path, Echo(), text=text), UR5, "cpu").tensors(seen())[0]
    assert picture.shape == ((1, 3, 32, 48) if axes == "BCHW" else (1, 32, 48, 3))
    assert picture.is_contiguous()


def test_a_client_gets_the_programs_rows(path: Path) -> None:
    policy = make_policy(f"torch:{path}", UR5, Path(), "cpu")
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        profile = profile_for(server.url)
        profile = with_request(profile, images=(dataclasses.replace(profile.request.images[0], size=(32, 48)),))
        action = dataclasses.replace(profile.action, horizon=HORIZON)
        execution = dataclasses.replace(profile.execution, horizon=4)
        client = make_client(
            dataclasses.replace(profile, action=action, execution=execution, rate_hz=20.0), UR5, StationClock()
        )
        metadata, actions = client.connect(), client.infer(observation()).actions
        going_on = Commitment(np.tile(UR5.home_position, (5, 1)), 3)
        continued = client.infer(dataclasses.replace(observation(), commitment=going_on)).actions
        client.close()
    assert metadata["rtc"] is True
    further = np.where(np.arange(HORIZON)[:, None] < 5, UR5.home_position - MEAN, 0.0)
    assert continued == pytest.approx(actions + further + 2 * 3, abs=1e-5)
    assert actions.shape == (HORIZON, COLUMNS)
    black = np.mean([-2.5, -0.8, -0.3])
    gripper = (UR5.home_position[-1] - 1) / 2
    assert actions[0] == pytest.approx(MEAN + 2 * (black + gripper), abs=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("robot: ur5", "robot: franka", "robot is 'franka', but it is to be served for ur5"),
        ("std: [2.0]}\n  -", "std: [2.0, 3.0]}\n  -", "inputs: joints: std has 2 numbers, must have 7, or one"),
        ("0.6, 0.7]", "0.6]", "actions: mean has 6 numbers, must have 7, or one"),
        ("[gripper, arms]", "[gripper, hand]", "joints is .'hand'., ur5 has joint1, "),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in UR5_PROGRAM
    path = write_program(tmp_path, Echo(), text=UR5_PROGRAM.replace(old, new))
    with pytest.raises(ConfigError, match=words) as error:
        TorchProgram(path, UR5)
    assert "program.yaml" in str(error.value)


@pytest.mark.parametrize("suffix", [".pt", ".pt2"])
def test_what_is_no_program_is_refused_by_name(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"program{suffix}"
    path.write_bytes(b"nothing")
    path.with_suffix(".yaml").write_text(UR5_PROGRAM)
    with pytest.raises(ConfigError, match=f"cannot load {path}: it is not there, or no program"):
        TorchProgram(path, UR5, "cpu")


def test_an_archive_that_is_no_program_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "program.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("program/data.pkl", b"nothing")
    path.with_suffix(".yaml").write_text(UR5_PROGRAM)
    with pytest.raises(ConfigError, match=f"cannot load {path} on cpu: it must be "):
        TorchProgram(path, UR5, "cpu")


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = write_program(tmp_path, Echo())
    with pytest.raises(ConfigError, match="device 'cuda:77' cannot be used: "):
        TorchProgram(path, UR5, "cuda:77")


class Returns(Echo):
    """A program that returns something else than it should."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def forward(
        self, pictures: torch.Tensor, joints: torch.Tensor, rows: torch.Tensor, delay: torch.Tensor
    ) -> torch.Tensor:
        if self.what == "a row less":
            return rows[:, 1:]
        if self.what == "a column less":
            return rows[:, :, 1:]
        return rows.repeat(2, 1, 1)


class Half(Echo):
    """A program whose weights are float16."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(COLUMNS, HORIZON * COLUMNS).half()

    def forward(
        self, pictures: torch.Tensor, joints: torch.Tensor, rows: torch.Tensor, delay: torch.Tensor
    ) -> torch.Tensor:
        return self.layer(joints).reshape(rows.shape)


class Pair(Echo):
    """A program that returns two tensors."""

    def forward(
        self, pictures: torch.Tensor, joints: torch.Tensor, rows: torch.Tensor, delay: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return rows, delay


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (Returns("a row less"), r"shape is \(7, 7\), must be \(8, 7\)"),
        (Returns("a column less"), r"shape is \(8, 6\), must be \(8, 7\)"),
        (Returns("two answers"), r"shape is \(2, 8, 7\), must be \(8, 7\)"),
        (Half(), r"failed for arguments .*torch.float32 \(1, 7\), .*: RuntimeError: .*Half"),
        (Pair(), "returned a tuple, must return one tensor"),
    ],
)
def test_an_answer_that_is_not_what_the_file_says_is_refused(
    module: torch.nn.Module, words: str, tmp_path: Path
) -> None:
    policy = make_policy(f"torch:{write_program(tmp_path, module)}", UR5, Path(), "cpu")
    with pytest.raises(SpecError, match=words):
        policy.warm_up()


def test_an_exported_program_names_the_size_that_it_takes(tmp_path: Path) -> None:
    path = write_program(tmp_path, Echo(), ".pt2", UR5_PROGRAM.replace("[32, 48]", "[32, 47]"))
    with pytest.raises(SpecError, match=r"\(1, 2, 3, 32, 47\), .*: AssertionError: .*48"):
        make_policy(f"torch:{path}", UR5, Path(), "cpu").warm_up()


def test_weights_alone_are_no_program(tmp_path: Path) -> None:
    path = write_program(tmp_path, Echo())
    torch.save(Half().state_dict(), path)
    with pytest.raises(ConfigError, match=r"what torch.jit.save wrote, .*weights alone are no program"):
        TorchProgram(path, UR5, "cpu")
