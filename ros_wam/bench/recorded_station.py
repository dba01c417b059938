"""The real-time simulated station as `ros-wam eval --sim` runs it, for as long as a benchmark needs, and its bags."""

import importlib.util
import json
import select
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ros_wam.bringup import bringup, clear
from ros_wam.errors import ConfigError, TrialError
from ros_wam.record.bag_recover import recover
from ros_wam.record.bag_writer import METADATA_FILE
from ros_wam.request import Request
from ros_wam.supervisor import Supervisor

NEEDED = {
    "rclpy": "ROS 2; run `make setup`, or source one",
    "rtde_control": "ur_rtde; pip install '.[ur]' in a checkout",
}
TASK, POLICY = "move_objects_into_box", "baseline"
POLL_S = 0.2
SHOWN_S = 2.0
ENOUGH_TRIALS = 99
SPOILED_TRIALS = 3
"""So many trials may not even begin; what a benchmark asks for has then no chance on this machine."""


def require_station() -> None:
    """Raise ConfigError where the station cannot run in real time."""
    for module, text in NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise ConfigError(f"this benchmark needs {text} (no module {module!r} here)")


def recorded_station(
    robot: str,
    seconds: float,
    folder: Path,
    show: Callable[[str], None],
    on_running: Callable[[Mapping[str, str]], None] = lambda environment: None,
) -> list[Path]:
    """Run trials into `folder` until they have run for `seconds` in all, and return their bags.

    `on_running` is given the station's environment when the first begins. Raises ConfigError, and TrialError when a
    process of the station ends.
    """
    require_station()
    run = bringup(Request(robot, POLICY, TASK, sim=True, trials=ENOUGH_TRIALS, seed=1, record_dir=folder))
    sitting = run.config.sitting_dir
    assert sitting is not None
    try:
        with Supervisor(run, sitting / "logs") as supervisor:
            show(f"{robot}: starting the station")
            shown_s = 0.0
            for running_s in _running_s(supervisor):
                if running_s and not shown_s:
                    on_running(run.environment)
                if running_s >= shown_s + SHOWN_S or (running_s and not shown_s):
                    shown_s = running_s
                    show(f"{robot}: {running_s:.0f} of {seconds:.0f} s recorded")
                if running_s >= seconds:
                    break
    finally:
        clear(run)
    bags = sorted(sitting.glob("trials/*/bag"))
    for bag in bags:
        if not (bag / METADATA_FILE).exists():
            recover(bag)
    return bags


def _running_s(supervisor: Supervisor) -> Iterator[float]:
    """Yield how long trials have been running in all, whenever it is told; raises TrialError."""
    output = supervisor.output
    assert output is not None
    elapsed_s: dict[str, float] = {}
    spoiled: dict[str, str] = {}
    said = "without a word"
    while (ended := supervisor.ended()) is None:
        if select.select([output], [], [], POLL_S)[0] and (line := output.readline()):
            event = json.loads(line)
            if event.get("cause"):
                said = f"{event['cause']}: {event['comment']}"
                spoiled |= {event["trial_id"]: said} if not event["elapsed_s"] else {}
            if len(spoiled) >= SPOILED_TRIALS:
                raise TrialError(f"{len(spoiled)} trials did not begin, the last by {said}")
            elapsed_s[event["trial_id"]] = event["elapsed_s"]
            yield sum(elapsed_s.values())
    raise TrialError(f"{ended.name} ended: {supervisor.last_words(ended.name) or said}")
