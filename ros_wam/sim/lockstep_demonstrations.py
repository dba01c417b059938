"""A sitting of demonstrations under a virtual clock, in one process: an expert's hand leads, the rest is as always.

Deterministic by seed: the same one gives the same recordings, message for message.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ros_wam.bringup import Run, bringup, clear
from ros_wam.clock import StationClock
from ros_wam.quality.bag import judge
from ros_wam.request import Request
from ros_wam.sim.expert import task_of
from ros_wam.sim.expert.settings import expert_settings
from ros_wam.sim.lockstep_sitting import play
from ros_wam.sim.lockstep_teleop import LockstepTeleop
from ros_wam.task import Task, load_task
from ros_wam.trial.bag_trace import measure_bag
from ros_wam.trial.plan import make_plan
from ros_wam.trial.procedure import Kind, Procedure
from ros_wam.trial.report import write_report
from ros_wam.trial.results import Results
from ros_wam.trial.sitting import describe_sitting
from ros_wam.trial.sitting_runner import SittingRunner

_SOURCE = "teleop"
"""What the results name where a policy's name stands."""


def run_demonstrations(request: Request, show: Callable[[str], None]) -> Path:
    """Run the sitting and return its folder. `show` gets progress as `trial_node` would print it: one JSON object each,
    and in the end how many times real time it was.

    Raises ConfigError, SimError and TrialError.
    """
    clock = StationClock()
    begin_ns = clock.now_ns()
    task = request.task or task_of(Path(request.robot).stem)
    stack = bringup(replace(request, task=task), ("trial",))
    try:
        assert stack.config.sitting_dir is not None and stack.config.task is not None
        recorded_s = _run_demonstrations(stack, load_task(stack.config.task), show)
        write_report(stack.config.sitting_dir)
    finally:
        clear(stack)
    took_s = (clock.now_ns() - begin_ns) * 1e-9
    show(f"{recorded_s:.0f} s of demonstrations in {took_s:.0f} s: {recorded_s / took_s:.1f} times real time")
    return stack.config.sitting_dir


def _run_demonstrations(stack: Run, task: Task, show: Callable[[str], None]) -> float:
    """Return how many seconds were recorded now."""
    config, embodiment = stack.config, stack.config.embodiment()
    assert config.sitting_dir is not None
    names = {"robot": embodiment.name, "task": task.name, "policy": _SOURCE, "prompt": task.prompt}
    trials, seed, kind = config.trials, config.seed, Kind.DEMONSTRATIONS
    plan = make_plan(**names, time_limit_s=task.time_limit_s, trials=trials, seed=seed)
    described = describe_sitting(config.sitting_dir, **names, sim=True, trials=trials, seed=seed)
    sitting = replace(described, kind=kind.value, device=config.device)
    results = Results(config.sitting_dir, sitting)
    done = set(results.trials)
    station = LockstepTeleop(config, embodiment, expert_settings(task.name))
    try:
        procedure = Procedure(task, kind, device=True)
        runner = SittingRunner(station, plan, results, measure=measure_bag, judge=judge, procedure=procedure)
        play(station, runner, show)
    finally:
        station.close()
    return sum(trial.duration_s or 0.0 for name, trial in results.trials.items() if name not in done)
