"""Runs the trials of a sitting; the operator's services; one JSON object per line of progress on standard output."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError
from ros_wam.nodes import spin
from ros_wam.nodes.ros_station import RosStation
from ros_wam.run_config import RunConfig
from ros_wam.task import load_task
from ros_wam.trial.bag_trace import measure_bag
from ros_wam.trial.plan import make_plan
from ros_wam.trial.report import write_report
from ros_wam.trial.results import Results
from ros_wam.trial.runner import Timeouts, TrialRunner, TrialState
from ros_wam.trial.sitting import describe_sitting
from ros_wam.trial.sitting_runner import NOTHING_COUNTS, SittingRunner

PERIOD_S = 0.05  # 20 Hz, as `enable` is due
PROGRESS_PERIOD_NS = 250_000_000
OPERATOR_RESET_S = 1800.0


class TrialNode(Node):  # type: ignore[misc]
    """Finished when the plan is; the exit status tells whether any trial counts."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("trial_node")
        if config.task is None or config.policy is None or config.sitting_dir is None:
            raise ConfigError("trial_node needs a task, a policy and a sitting's folder; the run names not all of them")
        task, robot, policy = load_task(config.task), config.embodiment().name, config.profile().name
        names = {"robot": robot, "task": task.name, "policy": policy, "prompt": task.prompt}
        plan = make_plan(**names, time_limit_s=task.time_limit_s, trials=config.trials, seed=config.seed)
        sitting = describe_sitting(config.sitting_dir, **names, sim=config.sim, trials=config.trials, seed=config.seed)
        self.finished = False
        self._sitting_dir = config.sitting_dir
        self._station_clock = StationClock()
        self._station = RosStation(self, config)
        timeouts = Timeouts() if config.sim else Timeouts(reset_s=OPERATOR_RESET_S)
        results = Results(config.sitting_dir, sitting)
        self._sitting = SittingRunner(self._station, plan, results, measure=measure_bag, timeouts=timeouts)
        self._told_state, self._told_ns = "", 0
        self._serve("start", self._confirm_scene)
        self._serve("stop", self._with_trial(TrialRunner.operator_stop))
        self._serve("success", self._with_trial(lambda runner: runner.operator_mark(True)))
        self._serve("failure", self._with_trial(lambda runner: runner.operator_mark(False)))
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
        detail = progress["detail"]
        if state == TrialState.RESETTING.value and not self._station.scene.robot_first:
            detail = f"{detail} (then call trial_node/start)"
        mode, latency_ms = self._station.watch.mode, self._station.watch.latency_ms
        event = {**progress, "detail": detail, "mode": None if mode is None else mode.value, "latency_ms": latency_ms}
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()
        self._station.say({"event": "progress", **event})

    def _serve(self, name: str, act: Callable[[], str | None]) -> None:
        """Offer `trial_node/<name>`; `act` returns why not, or None."""

        def answer(_: Any, response: Any) -> Any:
            refusal = act()
            response.success, response.message = refusal is None, refusal or ""
            return response

        self.create_service(Trigger, f"~/{name}", answer)

    def _confirm_scene(self) -> str | None:
        return None if self._station.scene.confirm() else "no trial waits for its scene to be laid out"

    def _with_trial(self, act: Callable[[TrialRunner], bool]) -> Callable[[], str | None]:
        def acting() -> str | None:
            runner = self._sitting.runner
            return None if runner is not None and act(runner) else "no trial runs"

        return acting


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sitting."""
    return spin.run("trial_node", spin.parse(argv).config, TrialNode)


if __name__ == "__main__":
    raise SystemExit(main())
