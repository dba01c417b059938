"""A robot, a profile and a policy for the tests of everything around the wire."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import websockets.sync.server
from websockets.sync.server import ServerConnection

from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.policy.codecs import openpi
from ros_wam.policy.profile import Profile, Timeouts, load_profile
from ros_wam.policy.reply_layout import ActionPart, ReplyLayout
from ros_wam.types import CameraFrame, JointState, Observation

ROOT = Path(__file__).parents[1]
UR5: Embodiment = load_embodiment(ROOT / "robots" / "ur5.yaml")
GENERIC: Profile = load_profile(ROOT / "config" / "policies" / "baseline.yaml")
BASELINE: Profile = GENERIC.for_robot(UR5)


def metadata_for(robot: Embodiment) -> dict[str, Any]:
    """What a server for `robot` says of itself."""
    return {
        "embodiment": robot.name,
        "views": sorted(robot.views),
        "image_size": [240, 320],
        "action_layout": list(robot.joint_names),
        "action_horizon": 30,
        "rate_hz": 30,
        "rtc": True,
    }


METADATA = metadata_for(UR5)


def profile_for(
    url: str, call_s: float = 5.0, connect_s: float = 5.0, robot: Embodiment = UR5, **changes: Any
) -> Profile:
    """The baseline profile of `robot` for a server at `url`."""
    timeouts = Timeouts(connect_s=connect_s, first_call_s=call_s, call_s=call_s)
    return dataclasses.replace(GENERIC.for_robot(robot), url=url, timeouts=timeouts, **changes)


def with_request(profile: Profile, **changes: Any) -> Profile:
    """`profile` with other keys of `request`."""
    return dataclasses.replace(profile, request=dataclasses.replace(profile.request, **changes))


def with_columns(profile: Profile, columns: tuple[str, ...]) -> Profile:
    """`profile` of a server whose actions have these columns."""
    return dataclasses.replace(profile, reply=ReplyLayout((ActionPart("actions", columns),)))


def state(stamp_ns: int, position: Any = 0.0) -> JointState:
    """A joint state at rest."""
    return JointState(stamp_ns, np.zeros(7) + position, np.zeros(7), np.zeros(7))


def frame(view: str, stamp_ns: int, shade: int = 0) -> CameraFrame:
    """A picture of one colour."""
    return CameraFrame(view, stamp_ns, np.full((240, 320, 3), shade, np.uint8))


def observation(stamp_ns: int = 1, prompt: str = "put it in the box") -> Observation:
    """What the robot sees at home."""
    frames = {view: frame(view, stamp_ns) for view in UR5.views}
    return Observation(stamp_ns, frames, state(stamp_ns, UR5.home_position), prompt)


class FakePolicy:
    """A ServedPolicy: answers with `answer(request)`, by default with actions that hold the request's stamp."""

    def __init__(self, metadata: Mapping[str, Any] = METADATA) -> None:
        self.metadata = metadata
        self.warm = False
        self.sessions = 0
        self.requests: list[Mapping[str, Any]] = []
        self.answer: Callable[[Mapping[str, Any]], Mapping[str, Any]] = stamp_answer

    def warm_up(self) -> None:
        self.warm = True

    def new_session(self) -> int:
        self.sessions += 1
        return self.sessions

    def infer(self, request: Mapping[str, Any], session: int) -> Mapping[str, Any]:
        self.requests.append(request)
        return self.answer(request)


def stamp_answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Actions `(30, 7)` that tell which request they answer."""
    return {"actions": np.full((30, 7), float(request["observation/stamp_ns"]))}


@contextmanager
def garbage_server() -> Iterator[str]:
    """A server that states the right metadata and then answers what nobody can decode; yields its URL."""

    def answer(connection: ServerConnection) -> None:
        connection.send(openpi.encode(METADATA))
        for _ in connection:
            connection.send(b"\xc1garbage")

    with websockets.sync.server.serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()
