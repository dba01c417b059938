"""One desk: what it knows, and what it does when it is asked for something."""

from collections.abc import Callable, Mapping
from typing import Any

from ros_wam.clock import Clock
from ros_wam.desk.command import CAPTURE
from ros_wam.desk.reference import References
from ros_wam.desk.state import DeskState
from ros_wam.errors import TrialError

Ask = Callable[[Mapping[str, Any]], str | None]
"""Asks the trial for what an operator wants, and returns why it refuses, or None; raises TrialError without answer."""


class Desk:
    """May be used by any number of browsers at once: all see the same, and the trial answers each."""

    def __init__(self, state: DeskState, references: References | None, ask: Ask, clock: Clock) -> None:
        """`references` is None where nothing is kept: the run has no sitting."""
        self.state = state
        self._references = references
        self._ask = ask
        self._clock = clock

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to show now, in JSON types."""
        scene, shown = self.state.scene, self.state.snapshot(self._clock.now_ns())
        known = self._references is not None and scene is not None
        references = self._references.versions(scene, self.state.views) if known and self._references and scene else {}
        can = [verb for verb in shown["can"] if verb != CAPTURE or known]
        return {**shown, "can": can, "reference": {view: str(version) for view, version in references.items()}}

    def reference(self, view: str) -> bytes | None:
        """Return the picture to lay the scene of now out by, in this view."""
        scene = self.state.scene
        path = None if self._references is None or scene is None else self._references.find(scene, view)
        return None if path is None else path.read_bytes()

    def command(self, command: Mapping[str, Any]) -> str | None:
        """Do what an operator asks for, and return why not, or None; raises TrialError when nobody answers."""
        return self._capture() if command["verb"] == CAPTURE else self._ask(command)

    def _capture(self) -> str | None:
        scene = self.state.scene
        if self._references is None or scene is None:
            return "there is no scene to keep a reference of"
        missing = self.state.missing_for_reference(self._clock.now_ns())
        if missing is not None:
            return missing
        kept = {view: self.state.newest(view) for view in self.state.views}
        try:
            self._references.capture(scene, {view: each.jpeg for view, each in kept.items() if each is not None})
        except TrialError as error:
            return str(error)
        return None
