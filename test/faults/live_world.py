"""One sitting in real time, with a trial for each fault: every process, the vendor library and the emulated robot."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from faults.deeds import Deeds
from faults.evidence import Evidence
from faults.fault import Fault
from faults.intact import Intact
from faults.live_stack import LiveStack
from faults.robots import ROBOTS
from sim_run import TASKS

from ros_wam.causes import Cause
from ros_wam.request import Request
from ros_wam.share import share_dir
from ros_wam.sim.emulators.emulator import ReceivedTarget

TRIALS = 99
TIME_LIMIT_S = 7.0
INJECT_S = 2.0
PATIENCE_S = 60.0
LAST_TICKS_S = 0.5


class LiveWorld:
    """Starts the stack when a fault needs one, and goes on with the same sitting after a fault that ended it."""

    def __init__(self, folder: Path, robot: str) -> None:
        task = yaml.safe_load((share_dir() / f"config/tasks/{TASKS[robot]}.yaml").read_text())
        self.robot = ROBOTS[robot]
        brief = folder / "brief.yaml"
        brief.write_text(yaml.safe_dump({**task, "time_limit_s": TIME_LIMIT_S}))
        names = {"robot": robot, "policy": "baseline", "task": str(brief), "seed": 1}
        self._request = {**names, "sim": True, "trials": TRIALS, "record_dir": folder / "runs"}
        self._stack: LiveStack | None = None
        self._intact: Intact | None = None
        self._deeds = Deeds()
        self._mends: list[Callable[[], None]] = []
        self._cut_off: str | None = None
        self._fatal = False
        self.targets: tuple[ReceivedTarget, ...] = ()

    @property
    def stack(self) -> LiveStack:
        """The processes that run now."""
        assert self._stack is not None
        return self._stack

    @property
    def bag(self) -> Path:
        """The MCAP file that is being written."""
        return max(self.stack.sitting.glob("trials/[0-9][0-9][0-9]/bag/*.mcap"))

    def run(self, fault: Fault) -> Evidence:
        """Run one trial in which `fault` comes, and mend what was broken; once more where the machine spoilt it."""
        evidence = self._run_once(fault)
        late = evidence.trial is not None and evidence.trial["cause"] == Cause.CAMERA_STALE.value
        spoilt = (late and fault.cause is not Cause.CAMERA_STALE) or not evidence.moved_before
        return self._run_once(fault) if spoilt else evidence

    def _run_once(self, fault: Fault) -> Evidence:
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)  # what could not be mended is not left to the next fault
            evidence = self._run(fault)
            undo.pop_all()
        if self.stack.ended is not None:
            self.close()
        return evidence

    def _run(self, fault: Fault) -> Evidence:
        trial_id = self._until_running()["trial_id"]
        stack, self.targets = self.stack, ()
        injected_ns = stack.clock.now_ns()
        fault.inject(self)
        self._until(lambda event: (event["state"], event["trial_id"]) == ("scored", trial_id))
        for mend in self._mends:
            mend()
        self._mends.clear()
        self._deeds.clear()
        self._linger()
        assert self._intact is not None
        self._intact.check()
        said = tuple(stack.witness.said)
        evidence = Evidence(stack.sitting / "trials" / trial_id, injected_ns, said, self.targets)
        self._fatal = fault.fatal
        self._cut_off = trial_id if evidence.trial is None else None
        return evidence

    def collect_targets(self) -> None:
        """Keep the arm targets that the controller has received in this trial's last seconds."""
        after_ns = self.stack.clock.now_ns() - round(PATIENCE_S * 1e9)
        while part := self.stack.link.received_targets(after_ns):
            self.targets += tuple(part)
            after_ns = part[-1].stamp_ns

    def after(self, wait_s: float, act: Callable[[], None]) -> None:
        """Do something so much later, in this trial."""
        self._deeds.at(self.stack.clock.now_ns() + round(wait_s * 1e9), act)

    def afterwards(self, mend: Callable[[], None]) -> None:
        """Do something once the trial is scored."""
        self._mends.append(mend)

    def close(self) -> None:
        """End what runs."""
        self._deeds.clear()
        self._mends.clear()
        if self._stack is not None:
            self._stack.close()
            self._stack = None

    def _until_running(self) -> dict[str, Any]:
        """Return the event of a trial that has run for a while, in a new stack where the last fault ended its own."""
        for _ in range(2):
            self._stack = self._stack or self._start()
            running = self._until(self._moves)
            if running is not None:
                assert self._cut_off in (None, running["trial_id"]), f"{self._cut_off} is not run again"
                return running
            ended = self.stack.ended
            self.close()
            assert self._fatal, f"{ended} ended the sitting before a trial ran"
        raise AssertionError("no trial ran")

    def _moves(self, event: dict[str, Any]) -> bool:
        return event["state"] == "running" and event["elapsed_s"] > INJECT_S and self.stack.witness.moving

    def _start(self) -> LiveStack:
        resume = None if self._intact is None else self._intact.folder
        stack = LiveStack(Request(**self._request, resume=resume))
        self._intact = self._intact or Intact(stack.sitting)
        return stack

    def _until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """Return the first event that `holds` likes, None when the run ends before it."""
        stack = self.stack
        deadline_ns = stack.clock.now_ns() + round(PATIENCE_S * 1e9)
        while stack.ended is None:
            assert stack.clock.now_ns() < deadline_ns, "what was waited for did not come"
            event = stack.next_event()
            self._deeds.do(stack.clock.now_ns())
            if event is not None and holds(event):
                return event
        return None

    def _linger(self) -> None:
        """Let a sitting end that a fault has ended, and the last of it be recorded."""
        stack = self.stack
        deadline_ns = stack.clock.now_ns() + round(LAST_TICKS_S * 1e9)
        while stack.clock.now_ns() < deadline_ns:
            stack.next_event()
