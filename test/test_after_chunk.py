"""What a server is told of an executed chunk, and what is collected for it meanwhile."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from fake_policy import BASELINE, frame, observation
from policy_world import HOME, MS, World

from ros_wam.errors import ConfigError
from ros_wam.policy.after_chunk import AfterChunk
from ros_wam.policy.execution import Execution
from ros_wam.policy.image_input import ImageInput
from ros_wam.policy.key_frames import KeyFrames
from ros_wam.policy.loop import PolicyLoop, PolicyStep

AFTER = AfterChunk("seen > frames", "done", 10, {"remember": True})
IMAGES = (ImageInput({"wrist": "seen > frames > a", "global": "seen > frames > b > c"}),)


def test_a_request_holds_key_frames_and_actions() -> None:
    first, second = ({view: frame(view, 1, shade) for view in ("wrist", "global")} for shade in (1, 2))
    seen = dataclasses.replace(observation(), executed=(first, second))
    request = AFTER.build(IMAGES, seen, np.ones(3))
    assert set(request) == {"seen", "done", "remember"} and request["remember"] is True
    assert [each["a"].max() for each in request["seen"]["frames"]] == [1, 2]
    assert [each["b"]["c"].max() for each in request["seen"]["frames"]] == [1, 2]
    np.testing.assert_array_equal(request["done"], np.ones(3))


def test_key_rows_are_the_last_of_each_group() -> None:
    assert AFTER.key_rows(30) == (9, 19, 29)
    assert AFTER.key_rows(9) == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"after_chunk": dataclasses.replace(AFTER, frames_at="other")}, "'observation/wrist_image' must be in a map"),
        ({"execution": Execution("async", 15)}, "strategy is 'async', must be sequential, for there is after_chunk"),
        ({"execution": Execution("sequential", 15)}, "horizon is 15, must be left out, for there is after_chunk"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(BASELINE, **{"after_chunk": AFTER, "execution": Execution("sequential"), **changes})


def test_other_numbers_are_named() -> None:
    with pytest.raises(ConfigError, match="every_rows is 0, must be 1 or more"):
        AfterChunk("obs", "state", 0)
    with pytest.raises(ConfigError, match="frames_at is empty"):
        AfterChunk(" ", "state", 1)


def test_the_first_picture_after_a_row_is_kept_and_the_newest_stands_for_what_is_missing() -> None:
    frames = KeyFrames(("wrist",))
    assert not frames.wants(10**12)
    frames.expect((100, 200, 300, 400), lambda now_ns: now_ns // 2)  # followed at half its speed
    for stamp_ns, wanted in ((150, False), (210, True), (220, False), (650, True)):
        assert frames.wants(stamp_ns) is wanted
        frames.add(frame("wrist", stamp_ns))
    taken = frames.take({"wrist": frame("wrist", 700)})
    assert [each["wrist"].stamp_ns for each in taken] == [210, 650, 650, 700]
    assert frames.take({"wrist": frame("wrist", 700)}) == ()


def next_step(world: World) -> PolicyStep:
    while (step := world.tick()) is None:
        world.run_until(world.clock.now_ns() + 8 * MS)
    assert isinstance(step, PolicyStep)
    return step


def test_a_policy_is_shown_what_was_seen_at_key_rows_of_an_executed_chunk() -> None:
    world = World(latency_ns=80 * MS)
    images = (ImageInput({"wrist": "seen > frames > a", "global": "seen > frames > b"}),)
    profile = dataclasses.replace(
        BASELINE,
        after_chunk=AFTER,
        execution=Execution("sequential"),
        request=dataclasses.replace(BASELINE.request, images=images, rtc=None),
    )
    loop = world.loop
    world.loop = PolicyLoop(profile, loop._embodiment, world.client, world.observations, loop._admission, world.clock)
    world.loop.start("tidy up")
    assert next_step(world).chunk is not None
    begun_ns = world.clock.now_ns()
    world.client.actions = np.tile(HOME + 1.0, (30, 1))
    assert next_step(world).refused is not None
    for view in ("wrist", "global"):
        for row, seen in zip((9, 19, 29), world.client.asked[-1].executed, strict=True):
            assert 0 <= seen[view].stamp_ns - begun_ns - row / 30 * 1e9 <= 8 * MS
    world.client.actions = np.tile(HOME, (30, 1))
    assert next_step(world).chunk is not None
    assert world.client.asked[-1].executed == (), "a chunk that was refused is not told of"


def test_poses_since_the_beginning_count_from_when_the_server_began_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(latency_ns=80 * MS)
    action = dataclasses.replace(BASELINE.action, reference="initial")
    request = dataclasses.replace(BASELINE.request, rtc=None)
    profile = dataclasses.replace(BASELINE, action=action, execution=Execution("sequential"), request=request)
    loop = world.loop
    world.loop = PolicyLoop(profile, loop._embodiment, world.client, world.observations, loop._admission, world.clock)
    infer, begun = world.client.infer, [True, False, True, False]
    monkeypatch.setattr(
        world.client, "infer", lambda seen: dataclasses.replace(infer(seen), begins_episode=begun.pop(0))
    )
    found = []
    for moved_rad, columns in ((0.0, 7), (0.1, 7), (0.0, 8), (0.1, 7)):  # eight columns are refused
        world.client.actions = np.zeros((30, columns))
        world.position[0] += moved_rad
        world.run_until(world.clock.now_ns() + 400 * MS)
        chunk = next_step(world).chunk
        found.append(None if chunk is None else round(chunk.positions[0, 0] - HOME[0], 9))
    assert found == [0.0, 0.0, None, 0.1]
