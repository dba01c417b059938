"""`ros-wam policy`: the list, and what a server is found to be."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import METADATA, ROOT, UR5, FakePolicy, metadata_for

from ros_wam.cli import policy as policy_command
from ros_wam.cli.main import main
from ros_wam.cli.policy import candidates, examinations
from ros_wam.cli.policy_tables import latency_rows
from ros_wam.clock import StationClock
from ros_wam.doctor import asking
from ros_wam.doctor.policy_examination import first_that_fits
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, PolicyUnreachable
from ros_wam.policy.client import WireClient
from ros_wam.policy.profile import load_profile
from ros_wam.policy.server import PolicyServer
from ros_wam.policy.shipped import shipped_profiles

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

BASELINE = ROOT / "config" / "policies" / "baseline.yaml"


PROFILES = shipped_profiles()  # reading them takes a while


@pytest.fixture(autouse=True)
def few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_command, "shipped_profiles", lambda: list(PROFILES))
    monkeypatch.setattr(asking, "WARM_CALLS", 2)
    monkeypatch.setattr(asking, "PERIOD_NS", 0)


def still(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Actions that keep a robot where it is."""
    here = np.concatenate([request["observation/joint_position"], request["observation/gripper_position"]])
    return {"actions": np.tile(here, (30, 1))}


@pytest.fixture
def policy() -> FakePolicy:
    policy = FakePolicy()
    policy.answer = still
    return policy


@pytest.fixture
def url(policy: FakePolicy) -> Iterator[str]:
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        yield server.url


def check(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    status = main(["policy", "check", *options, "--json"])
    return status, json.loads(capsys.readouterr().out)


def profile_file(folder: Path, url: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(BASELINE.read_text().replace("ws://127.0.0.1:8000", url))
    return path


def test_a_server_at_a_url_is_known_by_what_it_declares(
    url: str, policy: FakePolicy, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = check(capsys, url)
    assert status == 0
    assert (said["verdict"], said["policy"], said["robot"], said["url"]) == ("GO", "baseline", "ur5", url)
    assert [each["name"] for each in said["checks"]] == [
        *("policy metadata", "policy server", "policy latency", "policy actions")
    ]
    assert said["checks"][-1]["value"] == "30 x 7 joint positions, would be admitted at home"
    assert said["declares"]["rate_hz"] == "30"
    parts = ["connect", "prepare", "encode", "round trip", "decode", "server", "whole"]
    assert [row["part"] for row in said["latency"]] == parts
    assert len(policy.requests) == 3
    assert policy.requests[0]["observation/wrist_image"].std() > 20.0


def test_a_profile_of_a_file_is_checked_for_the_robot_that_was_named(
    tmp_path: Path, url: str, policy: FakePolicy, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(profile_file(tmp_path, url))
    status, said = check(capsys, file, "--robot", "ur5")
    assert (status, said["robot"]) == (0, "ur5")
    status, said = check(capsys, file, "--robot", "franka")
    assert (status, said["verdict"]) == (1, "NO-GO")
    assert "embodiment: server 'ur5', profile 'franka'" in said["checks"][0]["value"]
    assert said["latency"] == []
    assert len(policy.requests) == 3  # the other robot's client asked nothing


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"actions": np.zeros((30, 8))}, "actions of shape (30, 8)"),
        ({"actions": np.full((30, 7), np.nan)}, "an answer holds what is no number"),
        ({"action": np.zeros((30, 7))}, "answer has no 'actions'; there is: action"),
    ],
)
def test_an_answer_that_is_not_the_profiles_is_told(
    answer: Mapping[str, Any], told: str, tmp_path: Path, url: str, policy: FakePolicy, capsys: Any
) -> None:
    policy.answer = lambda request: answer
    status, said = check(capsys, str(profile_file(tmp_path, url)))
    assert (status, said["verdict"]) == (1, "NO-GO")
    assert any(told in each["value"] and not each["ok"] for each in said["checks"])


def test_actions_that_would_be_refused_are_told_and_no_fault_of_the_server(
    url: str, policy: FakePolicy, capsys: pytest.CaptureFixture[str]
) -> None:
    policy.answer = lambda request: {"actions": still(request)["actions"] + 0.5}
    status, said = check(capsys, url, "--policy", "baseline", "--robot", "ur5")
    assert status == 0
    assert "would not be admitted at home, for these pictures: chunk refused" in said["checks"][-1]["value"]


def test_a_server_that_is_not_there_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = check(capsys, str(profile_file(tmp_path, "ws://127.0.0.1:1")), "--robot", "ur5")
    assert (status, said["verdict"]) == (1, "NO-GO")
    assert "cannot be reached" in said["checks"][1]["value"]


def test_the_table_says_go_last(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{url} as baseline for ur5"
    assert any(line.startswith("round trip") for line in lines)
    assert lines[-1] == "GO"


def test_the_first_call_is_apart_and_the_servers_part_is_not_counted_twice() -> None:
    calls = [{"connect": 50.0, "round_trip": 9.0, "server": 7.0}]
    (row,) = (row for row in latency_rows(calls) if row["part"] == "whole")
    assert row == {"part": "whole", "first_ms": 59.0, "p50_ms": None, "p90_ms": None, "max_ms": None}
    calls += [{"connect": 0.0, "round_trip": float(ms), "server": 7.0} for ms in range(11)]
    rows = {row["part"]: row for row in latency_rows(calls)}
    assert rows["whole"] == {"part": "whole", "first_ms": 59.0, "p50_ms": 5.0, "p90_ms": 9.0, "max_ms": 10.0}
    assert rows["server"]["p50_ms"] == 7.0
    assert rows["connect"]["first_ms"] == 50.0


def test_a_url_where_nobody_is_is_tried_once(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    tried = []

    def refuse(client: WireClient) -> Mapping[str, Any]:
        tried.append(client)
        raise PolicyUnreachable("nobody there")

    monkeypatch.setattr(WireClient, "connect", refuse)
    status, said = check(capsys, "ws://gpu:8000/here")
    assert (status, said["checks"][1]["value"], len(tried)) == (1, "nobody there", 1)


def test_a_server_of_one_path_is_found_among_profiles_of_others(policy: FakePolicy) -> None:
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        here = dataclasses.replace(load_profile(BASELINE), url=server.url)
        elsewhere = dataclasses.replace(here, url="ws://127.0.0.1:1")
        tried = list(examinations([(elsewhere, [UR5]), (elsewhere, [UR5]), (here, [UR5])], print))
    assert [examination.reached for examination in tried] == [False, True]
    assert first_that_fits(tried) is tried[1]


def test_a_profile_that_waits_for_a_labs_numbers_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    baseline = load_profile(BASELINE)
    waiting = dataclasses.replace(baseline, name="waiting", headers={"key": "${NOT_SET_HERE}"})
    shown: list[str] = []
    dead = dataclasses.replace(baseline, url="ws://127.0.0.1:1")
    (examination,) = examinations([(waiting, [UR5]), (dead, [UR5])], shown.append)
    assert examination.profile.name == "baseline"
    assert len(shown) == 1 and shown[0].startswith("not tried: ") and "NOT_SET_HERE" in shown[0]
    with pytest.raises(ConfigError, match="NOT_SET_HERE"):
        list(examinations([(waiting, [UR5])], shown.append))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["nobody"], "no 'nobody' in config/policies; there are: "),
        (["ftp://x"], "must be a URL that starts with ws:// or wss:// or "),
        (["ws://gpu:port"], "URL is 'ws://gpu:port', must be SCHEME://HOST:PORT"),
        (["grpc://127.0.0.1:1"], "name the profile by --policy"),
        (["baseline", "--policy", "baseline"], "is for a URL"),
        (["pi0_droid", "--robot", "aloha"], "view is 'global', must be one of left_wrist, right_wrist, high"),
    ],
)
def test_what_cannot_be_checked_is_one_clear_line(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", *options]) == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith("ros-wam: ") and told in error and error.count("\n") == 1


def test_profiles_of_a_url_are_those_that_reach_it_the_certain_and_its_port_first() -> None:
    found = candidates("ws://gpu:10093/x", None)
    assert found[0].name == "baseline"
    assert {profile.url for profile in found} == {"ws://gpu:10093/x"}
    assert {profile.transport for profile in candidates("http://gpu:1", None)} == {"http_post"}
    (openvla,) = candidates("http://gpu:1", "openvla")
    assert openvla.url == "http://gpu:1/act"  # its own path, where none is given
    assert candidates("http://gpu:1/v2/act", "openvla")[0].url == "http://gpu:1/v2/act"
    with pytest.raises(ConfigError, match="no 'x' in config/policies"):
        candidates("ws://gpu:1", "x")


def test_the_list_names_each_profile_and_the_robots_it_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list", "--json"]) == 0
    found = {row["policy"]: row for row in json.loads(capsys.readouterr().out)}
    assert sorted(found) == sorted(path.stem for path in BASELINE.parent.glob("*.yaml"))
    assert found["pi05_droid"]["robots"] == ["franka"]
    assert found["baseline"]["robots"] == sorted(path.stem for path in (ROOT / "robots").glob("*.yaml"))
    assert all(row["robots"] for row in found.values())
    assert (found["pi05_droid"]["transport"], found["pi05_droid"]["rows"]) == ("websocket", 15)
    assert main(["policy", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines if line[:1].isalnum()} == {"policy", *found}
    assert max(map(len, lines)) <= 80


def test_what_a_server_declares_is_shown_briefly(url: str, policy: FakePolicy, capsys: Any) -> None:
    policy.metadata = {**METADATA, "notes": "x" * 10_000, **{f"key{i}": i for i in range(200)}}
    _, said = check(capsys, url, "--policy", "baseline", "--robot", "ur5")
    assert len(said["declares"]) == 100
    assert len(said["declares"]["notes"]) <= 200


def test_every_robot_that_fits_is_tried(policy: FakePolicy, capsys: pytest.CaptureFixture[str]) -> None:
    policy.metadata = metadata_for(load_embodiment(ROOT / "robots" / "franka.yaml"))
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        status, said = check(capsys, server.url, "--policy", "baseline")
    assert (status, said["robot"]) == (0, "franka")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("{all:", "{nobody_has_it:", "fits aloha or arx5 or arx5_x5 or franka or ur5 or ur5e; with --robot it is told"),
        ("codec:", "setup: {speed: 11}\ncodec:", "policy baseline: setup is {'speed': 11}, must be left out"),
        (
            "horizon: 30}",
            "horizon: 30, normalized: {file: none.json}}",
            "policy baseline: action: normalized: /none.json: No such file or directory; it comes with the policy's",
        ),
    ],
)
def test_what_a_profile_lacks_is_told_before_its_server_is_asked(
    before: str, after: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = profile_file(tmp_path, "ws://127.0.0.1:1")
    lines = [line for line in path.read_text().splitlines() if "rtc:" not in line]
    path.write_text("\n".join(lines).replace(before, after))
    assert main(["policy", "check", str(path)]) == 2
    error = capsys.readouterr().err
    assert told in error.replace(str(tmp_path), "") and error.count("\n") == 1
