"""The control loop as its supervisor sees it: takes messages, ticks, and reports."""

from typing import Any

from ros_wam.causes import RefusalReason
from ros_wam.errors import ChunkRefused, DriverError, ModeRefused, SpecError
from ros_wam.motion.link import Link, unpack_chunk
from ros_wam.motion.loop import ControlLoop
from ros_wam.motion.pace import Pace
from ros_wam.motion.report import ControlReport
from ros_wam.types import Command, Mode

SPENT_STATUS = 3
"""Exit status of a control process whose vendor library is of no more use: to recover the robot takes a new one."""
REQUEST_MAX_AGE_NS = 300_000_000
RESERVE_S = 0.001
"""What is left of a period when a message is still taken before its end: longer than a chunk takes."""


class ControlService:
    """Between a `ControlLoop` and a `Link`; `realtime` is what the operating system granted."""

    def __init__(self, loop: ControlLoop, link: Link, pace: Pace, realtime: str) -> None:
        self._loop, self._link, self._pace = loop, link, pace
        self._report = ControlReport(loop, link, pace, realtime)

    def cycle(self) -> None:
        """Take what has come, tick once, and tell. A chunk that has come is taken last: it would make the tick late."""
        messages = self._link.receive()
        for kind, content in messages:
            if kind != "chunk":
                self._take(kind, content)
        now_ns = self._pace.begin()
        self._report.tell(self._loop.tick(now_ns, self._pace.owed_ns), now_ns)
        for kind, content in messages:
            if kind == "chunk":
                self._take(kind, content)

    def listen(self) -> None:
        """Take what comes in the time that is left before the next deadline."""
        while (spare_s := self._pace.spare_s() - RESERVE_S) > 0.0 and self._link.wait(spare_s):
            for kind, content in self._link.receive():
                self._take(kind, content)

    def _take(self, kind: str, content: Any) -> None:
        now_ns = self._pace.now_ns()  # to do what was asked before may have taken seconds
        if kind == "enable":
            held, stamp_ns = content
            if held:
                self._loop.enable(min(stamp_ns, now_ns))
            else:
                self._loop.disable()
        elif kind == "request":
            number, verb, stamp_ns = content
            self._link.send("answer", [number, *self._answer(verb, stamp_ns, now_ns)])
        elif kind in ("chunk", "teleop"):
            self._follow(kind, content, now_ns)

    def _follow(self, kind: str, content: Any, now_ns: int) -> None:
        try:
            if kind == "chunk":
                chunk, handed_ns = content
                self._report.accepted(self._loop.accept(unpack_chunk(chunk), now_ns), handed_ns)
            else:
                self._loop.teleoperate(Command(*content), now_ns)
        except ChunkRefused as error:
            self._report.refused(error.reason, str(error))
        except SpecError as error:
            self._report.refused(RefusalReason.NON_FINITE, str(error))

    def _answer(self, verb: str, stamp_ns: int, now_ns: int) -> tuple[bool, str]:
        """Do what was asked, unless it waited so long that who asked was told that it is not done."""
        age_ns = now_ns - stamp_ns
        if age_ns > REQUEST_MAX_AGE_NS and verb != "hold":
            return False, f"{verb} was asked {age_ns * 1e-9:.1f} s ago"
        return self._do(verb, now_ns)

    def _do(self, verb: str, now_ns: int) -> tuple[bool, str]:
        try:
            if verb == "recover":
                try:
                    self._loop.recover()
                finally:
                    self._pace.restart()
            elif verb == "home":
                self._loop.home(now_ns)
            else:
                self._loop.set_mode(Mode[verb.upper()], now_ns)
        except (ModeRefused, DriverError) as error:
            return False, str(error)
        return True, self._loop.mode.value
