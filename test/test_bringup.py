"""Bringup: one resolved configuration, one list of processes, clear errors before anything starts."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ros_wam import alive, share
from ros_wam.bringup import Run, bringup, clear
from ros_wam.claim import claim
from ros_wam.cli.doctor import PARTS
from ros_wam.errors import ConfigError
from ros_wam.request import Request
from ros_wam.run_config import load_run_config
from ros_wam.supervisor import STOP_ORDER

EVAL = Request(robot="ur5", policy="baseline", task="move_objects_into_box", sim=True, trials=3, seed=1)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = bringup(Request(**{**EVAL.__dict__, "record_dir": tmp_path}))
    yield run
    clear(run)
    assert not run.config.run_dir.exists()


def test_every_process_of_the_line_is_started_once(run: Run) -> None:
    assert [node.name for node in run.nodes] == [
        "sim_node",
        "policy_server",
        "camera_node_wrist",
        "camera_node_global",
        "robot_node",
        "policy_node",
        "recorder_node",
        "trial_node",
    ]


def test_a_device_that_is_a_file_is_found_by_processes_that_run_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mouse.py").write_text("def make_device(*given): ...\n")
    monkeypatch.chdir(tmp_path)
    led = bringup(Request(**{**EVAL.__dict__, "record_dir": tmp_path, "device": "mouse.py"}))
    clear(led)
    assert led.config.device == str(tmp_path / "mouse.py")


@pytest.mark.parametrize(
    ("change", "more", "less"),
    [
        ({"device": "keyboard"}, {"teleop_node", "desk_node"}, set()),
        ({"device": "keyboard", "policy": None}, {"teleop_node", "desk_node"}, {"policy_server", "policy_node"}),
        ({"operator": True}, {"desk_node"}, set()),
    ],
    ids=["takeover", "demonstrations", "operator"],
)
def test_teleoperation_and_an_operator_add_their_processes(
    run: Run, tmp_path: Path, change: dict[str, object], more: set[str], less: set[str]
) -> None:
    attended = bringup(Request(**{**EVAL.__dict__, "record_dir": tmp_path, **change}))
    clear(attended)
    plain = {node.executable for node in run.nodes}
    assert {node.executable for node in attended.nodes} == (plain | more) - less
    assert {node.executable for node in attended.nodes} <= set(STOP_ORDER)
    assert attended.desk is not None
    assert attended.config.desk_port == attended.desk.port


def test_the_pages_token_is_in_no_file(tmp_path: Path) -> None:
    request = {**EVAL.__dict__, "record_dir": tmp_path, "operator": True, "desk_host": "0.0.0.0"}
    attended = bringup(Request(**request))
    written = attended.config_file.read_text()
    clear(attended)
    (desk,) = (node for node in attended.nodes if node.executable == "desk_node")
    assert attended.desk is not None
    assert attended.desk.token is not None
    assert desk.environment == {"ROS_WAM_DESK_TOKEN": attended.desk.token}
    assert attended.desk.token not in written
    assert attended.desk.token not in " ".join(desk.args)


def test_a_leader_whose_settings_cannot_be_is_refused_before_anything_is_started(lab: Path) -> None:
    file = lab / "calib" / "ur5" / "station.yaml"
    station = yaml.safe_load(file.read_text())
    del station["leaders"]["gello"]["arms"]["arm"]["signs"]
    file.write_text(yaml.safe_dump(station))
    with pytest.raises(ConfigError, match=r"gello: .*missing key signs"):
        bringup(Request(robot=str(lab / "robots" / "ur5.yaml"), device="gello"), parts=("robot", "teleop"))


def test_a_pedal_that_cannot_be_is_refused_before_anything_is_started(lab: Path) -> None:
    file = lab / "calib" / "ur5" / "station.yaml"
    file.write_text(f"{file.read_text()}\npedal: {{path: /dev/input/event3, keys: {{a: jump}}}}\n")
    with pytest.raises(ConfigError, match="pedal: keys: a stands for 'jump', must be one of"):
        bringup(Request(robot=str(lab / "robots" / "ur5.yaml"), device="keyboard"), parts=("robot", "teleop"))


def test_no_renderer_is_loaded_into_the_policy_server(run: Run) -> None:
    own = {node.name: node.environment for node in run.nodes if node.environment}
    assert own == {"policy_server": {"MUJOCO_GL": "disable"}}


def test_control_never_respawns_by_itself(run: Run) -> None:
    robot = next(node for node in run.nodes if node.executable == "robot_node")
    assert not robot.respawn


def test_every_process_is_stopped_in_order(run: Run) -> None:
    assert {node.executable for node in run.nodes} <= set(STOP_ORDER)


def test_sittings_of_the_same_second_have_folders_of_their_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.config.sitting_dir is not None
    monkeypatch.setattr("ros_wam.bringup.wall_clock_label", lambda: run.config.sitting_dir.name.split("_")[0])
    again = bringup(Request(**{**EVAL.__dict__, "record_dir": run.config.sitting_dir.parent}))
    clear(again)
    assert again.config.sitting_dir == run.config.sitting_dir.with_name(f"{run.config.sitting_dir.name}-2")


def test_what_a_run_claimed_is_given_back_with_it(run: Run) -> None:
    request = Request(robot="ur5", task="move_objects_into_box", sim=True)
    for _ in range(2):
        again = bringup(request, parts=("sim",))
        claimed = [claim.value for claim in again.claims]
        clear(again)
        clear(again)
        assert claimed == [again.environment["ROS_DOMAIN_ID"], again.config.robot_address]
        assert not {*claimed} & {claim.value for claim in run.claims}


def test_a_simulation_keeps_out_of_a_real_stations_domain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    station = tmp_path / "calib" / "ur5"
    shutil.copytree(share.share_dir() / "robots", tmp_path / "robots")
    shutil.copytree(share.share_dir() / "calib" / "ur5" / "sim", station)
    monkeypatch.setattr("ros_wam.bringup.claim", lambda kind, values: claim(f"{kind}_of_{tmp_path}", values))
    monkeypatch.setenv("ROS_DOMAIN_ID", "1")  # claimed among names of this test's own: others run beside it
    real = bringup(Request(robot=str(tmp_path / "robots" / "ur5.yaml")), parts=("cameras",))
    monkeypatch.delenv("ROS_DOMAIN_ID")
    simulated = bringup(Request(robot="ur5", task="move_objects_into_box", sim=True), parts=("sim",))
    for each in (real, simulated):
        clear(each)
    assert "ROS_DOMAIN_ID" not in real.environment
    assert real.config.calibration == station
    assert simulated.environment["ROS_DOMAIN_ID"] != "1"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab's own folder, as the error for a missing station file proposes it, with the UR5's simulated station."""
    shutil.copytree(share.share_dir() / "robots", tmp_path / "my_lab" / "robots")
    shutil.copytree(share.share_dir() / "calib" / "ur5" / "sim", tmp_path / "my_lab" / "calib" / "ur5")
    return tmp_path / "my_lab"


def change_cameras(lab: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = lab / "calib" / "ur5" / "station.yaml"
    station = yaml.safe_load(file.read_text())
    change(station["cameras"])
    file.write_text(yaml.safe_dump(station))


@pytest.fixture
def real_robot(tmp_path: Path) -> str:
    """The file of a robot whose station says that it is somewhere that no other test's is."""
    shutil.copytree(share.share_dir() / "robots", tmp_path / "robots")
    shutil.copytree(share.share_dir() / "calib" / "ur5" / "sim", tmp_path / "calib" / "ur5")
    file = tmp_path / "calib" / "ur5" / "station.yaml"
    file.write_text(file.read_text().replace("127.0.42.1", f"arm of {tmp_path}"))
    return str(tmp_path / "robots" / "ur5.yaml")


def test_nobody_can_move_a_robot_that_is_examined(real_robot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    examined = bringup(Request(robot=real_robot), PARTS)
    clear(examined)
    assert examined.environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert examined.environment["ROS_DOMAIN_ID"] not in ("0", "7")
    assert examined.environment["ROS_DOMAIN_ID"] in {claim.value for claim in examined.claims}


def test_one_run_at_a_time_has_a_real_robot(real_robot: str) -> None:
    sitting = bringup(Request(robot=real_robot), parts=("cameras", "robot"))
    try:
        clear(bringup(Request(robot=real_robot), parts=("cameras",)))
        with pytest.raises(ConfigError, match=r"another run on this machine has the robot at arm of .*"):
            bringup(Request(robot=real_robot), PARTS)
    finally:
        clear(sitting)
    clear(bringup(Request(robot=real_robot), PARTS))


def test_a_station_without_a_view_of_its_robot_is_refused(lab: Path) -> None:
    change_cameras(lab, lambda cameras: cameras.pop("wrist"))
    with pytest.raises(ConfigError, match=r"station\.yaml: cameras: no wrist, which ur5 has"):
        bringup(Request(robot=str(lab / "robots" / "ur5.yaml")), parts=("cameras", "robot"))


def test_a_camera_that_no_driver_is_for_is_refused(lab: Path) -> None:
    change_cameras(lab, lambda cameras: cameras["global"].update(driver="kinect"))
    with pytest.raises(ConfigError, match=r"^camera global: no driver 'kinect'; there are: sim, realsense, usb$"):
        bringup(Request(robot=str(lab / "robots" / "ur5.yaml")), parts=("cameras", "robot"))


def test_a_setting_that_a_camera_has_not_is_refused(lab: Path) -> None:
    camera = {"driver": "usb", "device": {"source": "/dev/video0", "width": 320, "height": 240, "exposure": 80}}
    change_cameras(lab, lambda cameras: cameras["global"].update(camera))
    with pytest.raises(ConfigError, match=r"^camera global: device: unknown key exposure; valid keys: source, width, "):
        bringup(Request(robot=str(lab / "robots" / "ur5.yaml")), parts=("cameras", "robot"))


def test_a_labs_own_folder_is_used_as_it_is(lab: Path) -> None:
    run = bringup(Request(robot=str(lab / "robots" / "ur5.yaml")), parts=("cameras", "robot"))
    clear(run)
    assert run.config.calibration == lab / "calib" / "ur5"
    (lab / "calib" / "ur5" / "station.yaml").unlink()
    with pytest.raises(ConfigError, match=r"^no station file for ur5: \S+/my_lab/calib/ur5/station\.yaml; with --sim"):
        bringup(Request(robot=str(lab / "robots" / "ur5.yaml")), parts=("cameras", "robot"))


def test_a_record_dir_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"no sitting can be recorded to .*file"):
        bringup(Request(**{**EVAL.__dict__, "record_dir": tmp_path / "file"}))


def test_the_configuration_is_read_back_as_written(run: Run) -> None:
    assert load_run_config(run.config_file) == run.config
    assert all(str(run.config_file) in node.args for node in run.nodes)


def test_a_simulation_is_never_heard_by_a_real_station(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    next_free = str(int(run.environment["ROS_DOMAIN_ID"]) + 1)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    monkeypatch.setenv("ROS_DOMAIN_ID", next_free)
    again = bringup(Request(robot="ur5", task="move_objects_into_box", sim=True), parts=("sim",))
    clear(again)
    assert again.environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert again.environment["ROS_DOMAIN_ID"] not in ("0", next_free, run.environment["ROS_DOMAIN_ID"])


def test_the_folder_of_a_killed_launcher_is_removed_by_the_next_run(run: Run) -> None:
    left = run.config.run_dir.with_name(f"ros_wam_{os.getuid()}_left_behind")
    (left / "alive").mkdir(parents=True)
    (left / "alive" / "launcher").touch()
    clear(bringup(Request(robot="ur5", task="move_objects_into_box", sim=True), parts=("sim",)))
    assert not left.exists()
    assert alive.is_alive(run.config.run_dir, "launcher")
    assert run.config.run_dir.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"robot": "ur7"}, r"no 'ur7' in robots; there are: "),
        ({"policy": "pi9"}, r"no 'pi9' in config/policies; there are: .*baseline"),
        ({"task": ""}, r"no '' in config/tasks; there are: .*move_objects_into_box"),
        ({"task": "dance"}, r"no 'dance' in config/tasks; there are: .*move_objects_into_box"),
        (
            {"sim": False},
            r"no station file for ur5: .* my_lab/calib/ur5/station\.yaml, .*--robot my_lab/robots/ur5\.yaml",
        ),
        ({"inference_latency_ms": 12000.0}, r"an inference latency of 12000 ms would time out: baseline allows 10 s"),
        ({"inference_latency_ms": 1.0, "policy": None}, r"needs a policy that this package serves"),
        ({"policy": None}, r"nothing would move the robot: name a policy \(--policy\), a device \(--device\), or both"),
        ({"device": "joystick"}, r"no device 'joystick'; this station has: .*keyboard"),
        ({"resume": Path("nowhere")}, r"nothing to resume: nowhere holds no sitting\.yaml"),
    ],
)
def test_a_wrong_request_is_refused_with_the_choices(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        bringup(Request(**{**EVAL.__dict__, "record_dir": tmp_path, **change}))


@pytest.mark.parametrize(
    ("robot", "policy", "words"),
    [
        ("aloha", "lerobot_act", "policy lerobot_act: .* needs the environment variable LEROBOT_CHECKPOINT"),
        ("aloha", "abot_m0_aloha", r"policy abot_m0_aloha: action: .*dataset_statistics\.json: No such file"),
    ],
)
def test_what_a_lab_has_yet_to_fill_in_is_told_before_anything_is_started(
    robot: str, policy: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEROBOT_CHECKPOINT", raising=False)
    with pytest.raises(ConfigError, match=words):
        bringup(Request(robot=robot, policy=policy, sim=True))


def test_a_task_without_a_simulated_scene_is_refused_in_simulation() -> None:
    with pytest.raises(ConfigError, match="task sort_books is not simulated; those that are: move_objects_into_box, "):
        bringup(Request(**{**EVAL.__dict__, "task": "sort_books"}))
