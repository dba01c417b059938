"""Work side by side, each piece in a process of its own and one for each core; however it ends, none is left behind."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Mapping
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from ros_wam.errors import RosWamError, TrialError
from ros_wam.process import die_with_parent

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Argument], Result], arguments: Mapping[str, Argument]
) -> Generator[Result, None, None]:
    """Yield what `work` returns for each argument as it comes; they are begun in their order.

    Raises TrialError, with the argument's name, when `work` raises or a process dies. The others are then sent SIGTERM,
    which raises SystemExit in them, and waited for; so they are when the caller is interrupted.
    """
    waiting = list(arguments.items())
    running: dict[Connection, BaseProcess] = {}
    try:
        while waiting or running:
            while waiting and len(running) < len(os.sched_getaffinity(0)):
                answer, process = _begin(work, *waiting.pop(0))
                running[answer] = process
            for ended in wait(list(running)):
                assert isinstance(ended, Connection)
                result = _result(ended, running[ended])
                del running[ended]
                yield result
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.join()


def _begin(work: Callable[[Argument], Result], name: str, argument: Argument) -> tuple[Connection, BaseProcess]:
    context = multiprocessing.get_context("spawn")
    answer, teller = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, argument, teller), name=name, daemon=True)
    process.start()
    teller.close()  # the process alone holds it now: when it dies, `answer` ends
    return answer, process


def _work(work: Callable[[Argument], Result], argument: Argument, teller: Connection) -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    signal.signal(signal.SIGINT, lambda number, frame: None)  # a terminal's Ctrl-C is our parent's business
    die_with_parent()
    try:
        teller.send((work(argument), None))
    except RosWamError as error:
        teller.send((None, str(error)))  # not every error of ours can be pickled


def _result(answer: Connection, process: BaseProcess) -> Any:
    try:
        result, error = answer.recv()
    except EOFError:
        process.join()
        raise TrialError(f"{process.name}: its process ended with status {process.exitcode}") from None
    process.join()
    if error is not None:
        raise TrialError(f"{process.name}: {error}")
    return result
