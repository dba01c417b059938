"""What a trial makes of a server that fails while the robot moves: it holds, and the cause is named."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.server import ServerConnection
from wire import family_conformance
from wire.family_conformance import FamilySitting
from wire.openpi_server import Request
from wire.unreliable_server import Deed, UnreliableServer, dies, falls_silent, floods, half_closes, trickles

from ros_wam.policy.profile import Timeouts, load_profile
from ros_wam.share import share_dir

SPEED = 0.05  # of the last joint, in DROID's numbers: 0.15 rad/s
CALL_S = 0.5
GOES_ON_RAD = 0.15 * CALL_S + 0.02  # while an answer is waited for, and while the arm slows down
pytestmark = [pytest.mark.slow, pytest.mark.virtual]


def turning(request: Request) -> np.ndarray:
    """Turn the last joint, on and on."""
    return np.tile([0.0] * 6 + [SPEED, request["observation/gripper_position"][0]], (15, 1))


@pytest.fixture
def sitting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FamilySitting]:
    monkeypatch.setattr(family_conformance, "TIMEOUTS", Timeouts(3.0, 3.0, CALL_S))
    profile = load_profile(share_dir() / "config/policies/pi05_droid.yaml")
    with UnreliableServer(turning, dies) as server:
        sitting = FamilySitting(profile, "franka", server, tmp_path)
        yield sitting
        sitting.close()


def failing(sitting: FamilySitting, deed: Deed) -> tuple[dict[str, Any], float]:
    """Run a trial in which the server does `deed`: what came of it, and how far the arm went on after that [rad]."""
    at: list[np.ndarray] = []

    def noted(server: UnreliableServer, connection: ServerConnection) -> None:
        at.append(sitting._position())
        deed(server, connection)

    sitting.server.deed = noted  # type: ignore[attr-defined]
    seen = sitting.run(fail=True)
    assert seen.moved_rad > 0.05, "it was moving"
    return seen.trial, float(np.abs(sitting._position() - at[0])[:7].max())


def next_trial(sitting: FamilySitting) -> dict[str, Any]:
    """Go on until one more trial is over, however it begins."""
    folder = sitting._results.folder / "trials"
    done = set(sitting._results.trials)
    while not set(sitting._results.trials) - done:
        sitting._advance()
    (new,) = set(sitting._results.trials) - done
    trial: dict[str, Any] = json.loads((folder / new / "trial.json").read_text())
    return trial


def test_the_robot_holds_the_cause_is_named_and_the_next_trial_goes_on(sitting: FamilySitting) -> None:
    server = sitting.server
    assert isinstance(server, UnreliableServer)
    assert sitting.run().trial["valid"]
    for deed, cause, told in (
        (falls_silent, "policy_timeout", "did not send an answer in 0.5 s"),
        (trickles, "policy_timeout", "did not send an answer in 0.5 s"),
        (half_closes, "policy_unreachable", "closed the connection"),
        (floods, "policy_answer_invalid", "answers no request"),
        (dies, "policy_unreachable", "closed the connection"),
    ):
        server.released.clear()
        trial, went_on_rad = failing(sitting, deed)
        server.released.set()
        assert (trial["outcome"], trial["valid"], trial["cause"]) == ("aborted", False, cause)
        assert told in trial["comment"]
        assert went_on_rad < GOES_ON_RAD
    dead = next_trial(sitting)
    assert (dead["valid"], dead["cause"]) == (False, "policy_unreachable")
    server.metadata = {"model": "second"}
    server.start()
    other = next_trial(sitting)
    assert (other["valid"], other["cause"]) == (False, "policy_mismatch")
    assert "model: 'first' before, 'second' now" in other["comment"]
    server.stop()
    server.metadata = {"model": "first"}
    server.start()
    assert next_trial(sitting)["valid"]
