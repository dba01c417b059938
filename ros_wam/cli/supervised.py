"""A sitting on the production path, from its first process to its last, as the commands show it."""

import select
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from ros_wam.bringup import Run
from ros_wam.cli.key_terminal import KeyTerminal
from ros_wam.errors import TrialError
from ros_wam.lines import PipeLines
from ros_wam.supervisor import Supervisor
from ros_wam.trial.sitting_runner import NOTHING_COUNTS

POLL_S = 0.2


class View(AbstractContextManager[Any], Protocol):
    """What shows a sitting: open while it lasts."""

    def show(self, line: str) -> None:
        """Show one line of `trial_node`'s output."""
        ...


def supervise(
    stack: Run,
    console: Console,
    view: View,
    hear: Callable[[str], None] = lambda line: None,
    take: Callable[[bytes], None] | None = None,
) -> Path:
    """Run the processes of `stack` to the end of its sitting and return the sitting's folder; raises TrialError.

    `hear` is given each line that is shown. Keys that are typed here go to `take`, else to what teleoperates.
    """
    sitting = stack.config.sitting_dir
    assert sitting is not None
    console.print(f"recording to {sitting}", highlight=False, soft_wrap=True)
    if stack.config.sim:
        console.print(f"ROS_DOMAIN_ID={stack.environment['ROS_DOMAIN_ID']}", highlight=False)
    if stack.desk is not None:
        console.print(f"the operator's page: {stack.desk.url}", highlight=False, soft_wrap=True)
    with KeyTerminal(stack, take=take) as terminal, Supervisor(stack, sitting / "logs") as supervisor, view:
        assert supervisor.output is not None
        lines = PipeLines(supervisor.output)
        while (ended := supervisor.ended()) is None:
            ready = select.select([supervisor.output.fileno(), *terminal.descriptors], [], [], POLL_S)[0]
            if set(ready) & set(terminal.descriptors):
                terminal.forward()
            _show(lines, view, hear)
        if not supervisor.runs("trial_node"):
            _show(lines, view, hear)
        if ended.name != "trial_node" or supervisor.exit_status("trial_node") not in (0, NOTHING_COUNTS):
            raise TrialError(f"{ended.name} ended: {supervisor.last_words(ended.name) or 'without a word'}")
    return sitting


def _show(lines: PipeLines, view: View, hear: Callable[[str], None]) -> None:
    for line in lines.come(0.0):
        view.show(line)
        hear(line)
