"""The course of a sitting under a virtual clock: its runner's ticks, and the world in between."""

import json
from collections.abc import Callable

from ros_wam.sim.lockstep_world import LockstepWorld
from ros_wam.trial.sitting_runner import SittingRunner

TRIAL_PERIOD_NS = 40_000_000


def play(
    world: LockstepWorld,
    runner: SittingRunner,
    show: Callable[[str], None],
    between: Callable[[], None] = lambda: None,
) -> None:
    """Go on until `runner` has finished; raises what it and `between` raise, which is called when no trial runs.

    `show` gets progress as `trial_node` would print it: one JSON object each.
    """
    next_tick_ns = world.now_ns()
    while not runner.finished:
        if world.now_ns() >= next_tick_ns:
            if runner.runner is None:
                between()
            progress = runner.tick(world.now_ns())
            if progress:
                show(json.dumps(progress))
            next_tick_ns += TRIAL_PERIOD_NS
        world.advance()
