"""Runs the trials or demonstrations of a sitting; obeys the operator; one JSON object per line of progress on standard
output.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from ros_wam import fields
from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError
from ros_wam.nodes import spin
from ros_wam.nodes.ros_station import RosStation, heard_topics
from ros_wam.nodes.wiring import station_topics, subscribe
from ros_wam.quality.bag import TELEOP, judge
from ros_wam.quality.live import LiveQuality
from ros_wam.run_config import RunConfig
from ros_wam.task import load_task
from ros_wam.trial.bag_trace import measure_bag
from ros_wam.trial.plan import make_plan
from ros_wam.trial.procedure import Kind, Procedure
from ros_wam.trial.report import write_report
from ros_wam.trial.results import Results
from ros_wam.trial.runner import TrialState
from ros_wam.trial.sitting import describe_sitting
from ros_wam.trial.sitting_runner import CLOSING, NOTHING_COUNTS, SittingRunner

PERIOD_S = 0.02
"""Of its ticks, each of which is a beat of enable: of the four in the 80 ms that control waits two may come late, as
they do by the node of a device."""
PROGRESS_PERIOD_NS = 250_000_000
SERVICES = ("start", "stop", "success", "failure", "take_over", "hand_back", "discard", "rerecord", "seal")
"""The verbs of `operator_command` that need nothing said with them."""
_HINTS = {
    TrialState.RESETTING.value: ("start", "then call trial_node/start"),
    TrialState.READY.value: ("start", "call trial_node/start"),
    TrialState.MARKING.value: ("seal", "then call trial_node/seal"),
    CLOSING: ("seal", "or call trial_node/seal"),
}


class TrialNode(Node):  # type: ignore[misc]
    """Finished when the plan is; the exit status tells whether any trial counts."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("trial_node")
        if config.task is None or config.sitting_dir is None:
            raise ConfigError("trial_node needs a task and a sitting's folder; the run does not name both")
        if config.policy is None and config.device is None:
            raise ConfigError("trial_node needs a policy, or a device to demonstrate with; the run names neither")
        self.finished = False
        self._sitting_dir = config.sitting_dir
        self._station_clock = StationClock()
        demonstrated = config.policy is None
        self._live = LiveQuality(config.embodiment(), heard_topics(config)) if demonstrated else None
        self._station = RosStation(self, config, None if self._live is None else self._live.on_message)
        self._sitting = _sitting(config, config.sitting_dir, self._station)
        self._told_state, self._told_ns = "", 0
        for verb in SERVICES:
            self.create_service(Trigger, f"~/{verb}", partial(self._serve, verb))
        subscribe(self, station_topics(config)["operator_command"], self._on_operator)
        self._timer = self.create_timer(PERIOD_S, self._tick)

    @property
    def exit_status(self) -> int:
        """0 when at least one trial counts."""
        return 0 if self._sitting.valid_trials else NOTHING_COUNTS

    def close(self) -> None:
        """Stop what runs: a trial cut off here is not scored, and `--resume` runs it anew."""
        self._timer.cancel()
        if not self.finished:
            self._station.stop()
        self._station.tick(self._station_clock.now_ns())
        self._station.close()

    def _tick(self) -> None:
        now_ns = self._station_clock.now_ns()
        progress = self._sitting.tick(now_ns)
        self._station.tick(now_ns)
        self.finished = self._sitting.finished
        if self.finished:
            write_report(self._sitting_dir)
        if progress:
            self._tell(progress, now_ns)

    def _tell(self, progress: Mapping[str, Any], now_ns: int) -> None:
        state = str(progress["state"])
        if state == self._told_state and now_ns - self._told_ns < PROGRESS_PERIOD_NS:
            return
        self._told_state, self._told_ns = state, now_ns
        verb, hint = _HINTS.get(state, ("", ""))
        detail = f"{progress['detail']} ({hint})" if verb in progress["can"] else progress["detail"]
        quality = [] if self._live is None else self._live.findings(now_ns)
        event = {**progress, "detail": detail, **self._station.seen(now_ns), "quality": quality}
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()
        self._station.say({"event": "progress", **event})

    def _on_operator(self, message: Any) -> None:
        command = fields.read_json_object(message)
        refusal = self._sitting.command(command, self._station_clock.now_ns())
        if "id" in command:
            self._station.say({"event": "answer", "id": command["id"], "refusal": refusal})
        if refusal is not None:
            self.get_logger().warning(refusal)

    def _serve(self, verb: str, _: Any, response: Any) -> Any:
        refusal = self._sitting.command({"verb": verb}, self._station_clock.now_ns())
        response.success, response.message = refusal is None, refusal or ""
        return response


def _sitting(config: RunConfig, folder: Path, station: RosStation) -> SittingRunner:
    """Return the sitting that `config` asks for, new or resumed."""
    assert config.task is not None
    task, robot = load_task(config.task), config.embodiment().name
    kind = Kind.DEMONSTRATIONS if config.policy is None else Kind.TRIALS
    policy = TELEOP if config.policy is None else config.profile().name
    names = {"robot": robot, "task": task.name, "policy": policy, "prompt": task.prompt}
    plan = make_plan(**names, time_limit_s=task.time_limit_s, trials=config.trials, seed=config.seed)
    sitting = describe_sitting(
        folder,
        **names,
        sim=config.sim,
        trials=config.trials,
        seed=config.seed,
        kind=kind.value,
        device=config.device,
    )
    return SittingRunner(
        station,
        plan,
        Results(folder, sitting),
        measure=measure_bag,
        judge=judge if kind is Kind.DEMONSTRATIONS else None,
        procedure=Procedure(task, kind, config.operator or not config.sim, config.device is not None, by_hand=True),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sitting."""
    return spin.run("trial_node", spin.parse(argv).config, TrialNode)


if __name__ == "__main__":
    raise SystemExit(main())
