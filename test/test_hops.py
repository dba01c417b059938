"""The latency of every hop of an inference, from stamps that the test gives."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import UR5, observation

from ros_wam import fields
from ros_wam.bench.observation import hop_rows, read_inferences
from ros_wam.errors import SpecError
from ros_wam.fields import Diagnostic, Level, PictureTimes
from ros_wam.followed import Followed, read_followed
from ros_wam.policy import hops as module
from ros_wam.policy.hops import HopLog, PictureHops
from ros_wam.policy.loop import PolicyStep
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import topic_table
from ros_wam.trial.hops import hop_times_ms
from ros_wam.types import Reply

US = 1000
STAMP_NS = 5_000_000_000


def at(after_us: int) -> int:
    return STAMP_NS + after_us * US


def step(server_ms: float | None = 30.0) -> PolicyStep:
    """An observation that was ready after 40 ms, a call of 55 ms, and 5 ms of admission."""
    reply = Reply(np.zeros((30, 7)), server_ms, {"encode": 1.0, "round_trip": 53.0, "decode": 1.0})
    timing_ms = {"observe": 40.0, **reply.timing_ms, "admit": 5.0}
    return PolicyStep(7, observation(STAMP_NS), reply, None, None, timing_ms)


def pictures(log: HopLog, told: bool = True) -> None:
    wrist, far = PictureTimes(at(10_000), at(12_000)), PictureTimes(at(20_000), at(21_000))
    log.picture("wrist", STAMP_NS, PictureHops(wrist if told else None, at(15_000), at(30_000), at(32_000)))
    log.picture("global", STAMP_NS, PictureHops(far, at(21_500), at(32_000), at(35_000)))


FOLLOWED = Followed(inference=7, chunk=3, handed_ns=at(108_000), due_ns=at(112_000), sent_ns=at(112_500))


def hops_of(told: bool = True, server_ms: float | None = 30.0, followed: Followed = FOLLOWED) -> dict[str, Any]:
    log = HopLog()
    pictures(log, told)
    before = log.inference(step(server_ms))
    log.published(7, at(102_000))
    after = log.followed(followed)
    assert after is not None
    assert log.followed(followed) is None
    return {**before, **after}


def test_every_hop_has_its_own_time() -> None:
    assert hops_of() == {
        "observation_stamp_ns": STAMP_NS,
        "wrist_stamp_ns": STAMP_NS,
        "wrist_capture_ms": 10.0,
        "wrist_encode_ms": 2.0,
        "wrist_transport_ms": 3.0,
        "wrist_wait_ms": 15.0,
        "wrist_decode_ms": 2.0,
        "global_stamp_ns": STAMP_NS,
        "global_capture_ms": 20.0,
        "global_encode_ms": 1.0,
        "global_transport_ms": 0.5,
        "global_wait_ms": 10.5,
        "global_decode_ms": 3.0,
        "build_ms": 5.0,
        "inference": 7,
        "chunk": 3,
        "publish_ms": 2.0,
        "chunk_transport_ms": 6.0,
        "tick_wait_ms": 4.0,
        "setpoint_ms": 0.5,
        "hand_over_ms": 12.5,
        "whole_ms": 112.5,
        "software_ms": pytest.approx(max(2.0 + 3.0, 1.0 + 0.5) + (2.0 + 3.0) + 5.0 + (55.0 - 30.0) + 5.0 + 8.5),
    }


def test_the_hops_that_the_benchmark_calls_software_add_up_to_it(tmp_path: Path) -> None:
    call = {f"{name}_ms": value for name, value in step().timing_ms.items()}
    said = {"latency_ms": 55.0, "server_ms": 30.0, **call, **hops_of()}
    topics = topic_table({}, 125.0)
    with BagWriter(tmp_path / "bag", topics) as writer:
        message = fields.diagnostics(0, Diagnostic("policy_node", Level.OK, "", said))
        writer.write("policy_status", 0, serialize(topics["policy_status"].type, message))
    rows = {row["hop"]: row for row in hop_rows(hop_times_ms(read_inferences(tmp_path / "bag")))}
    software = {hop: row["p50_ms"] for hop, row in rows.items() if row["software"] == "yes"}
    faster_view_ms = software["global encode"] + software["global transport"]
    assert sum(software.values()) - faster_view_ms == pytest.approx(said["software_ms"])


def test_a_chunk_that_comes_after_the_deadline_has_not_waited() -> None:
    late = hops_of(followed=replace(FOLLOWED, due_ns=at(107_000)))
    assert (late["tick_wait_ms"], late["setpoint_ms"], late["hand_over_ms"]) == (0.0, 4.5, 12.5)


def test_what_is_not_known_is_not_summed_up() -> None:
    silent_camera = hops_of(told=False)
    assert silent_camera["software_ms"] is None
    assert "wrist_encode_ms" not in silent_camera
    assert (silent_camera["wrist_wait_ms"], silent_camera["build_ms"]) == (15.0, 5.0)
    silent_server = hops_of(server_ms=None)
    assert (silent_server["software_ms"], silent_server["whole_ms"]) == (None, 112.5)


def test_without_pictures_there_are_still_the_stamps() -> None:
    log = HopLog()
    assert log.inference(step()) == {f"{name}_stamp_ns": STAMP_NS for name in ("observation", *UR5.views)}


def test_an_inference_that_was_not_passed_on_was_not_followed() -> None:
    log = HopLog()
    log.published(7, at(0))
    assert log.followed(FOLLOWED) is None
    log.inference(step())
    assert log.followed(FOLLOWED) is None


def test_only_the_newest_are_kept() -> None:
    log = HopLog()
    pictures(log)
    for k in range(module.KEPT):
        log.picture("wrist", at(k + 1), PictureHops(None, 0, 0, 0))
    assert "wrist_wait_ms" not in log.inference(step())
    assert len(log._pictures) == module.KEPT


def test_the_word_of_a_first_setpoint_is_read() -> None:
    assert read_followed("") is None
    text = '{"inference": 7, "chunk": 3, "handed_ns": 1, "due_ns": 2, "sent_ns": 3}'
    assert read_followed(text) == Followed(7, 3, 1, 2, 3)
    assert Followed(7, 3, 1, 2, 3).as_json()["due_ns"] == 2


WITHOUT_A_NUMBER = '{"inference": 7, "chunk": 3, "handed_ns": 1, "due_ns": 2, "sent_ns": "3"}'


@pytest.mark.parametrize("text", ["x", "[]", '{"inference": 7}', WITHOUT_A_NUMBER])
def test_another_word_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="inference, chunk, handed_ns, due_ns, sent_ns"):
        read_followed(text)
