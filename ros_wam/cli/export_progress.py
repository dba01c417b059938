"""Shows how far an export is, and what it came to."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ros_wam.export.progress import Exported, Step


class ExportProgress:
    """A bar on a terminal, a line an episode elsewhere; use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console, self._shown = console, -1
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("episodes", total=None)

    def show(self, step: Step) -> None:
        """Show how far it is."""
        self._bar.update(
            self._task,
            description=f"{step.name}  {step.done}/{step.of} pictures",
            total=step.episodes,
            completed=step.number + step.done / step.of,
        )
        if step.number != self._shown and not self._console.is_terminal:
            self._console.print(
                f"episode {step.number + 1}/{step.episodes}: {step.name}", highlight=False, markup=False
            )
        self._shown = step.number

    def __enter__(self) -> "ExportProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def show_exported(exported: Exported, console: Console) -> None:
    """Print what is left out and why, what to know of single episodes, and what there is now."""
    for name, why in exported.left_out:
        console.print(f"left out: {name}: {why}", highlight=False, markup=False, soft_wrap=True)
    for note in exported.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"{exported.episodes} episodes, {exported.samples} samples at {exported.rate_hz:g} Hz: {exported.folder}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
