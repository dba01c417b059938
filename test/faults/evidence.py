"""What a trial's record says of a fault: when the robot came to which state, and under which name."""

import json
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam import fields
from ros_wam.causes import Limit
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.fields import MODES
from ros_wam.motion.source import STOP_GRACE_NS
from ros_wam.record.bag_reader import BagReader
from ros_wam.run_config import load_run_config
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.types import ActionChunk, FloatArray, Mode

RESTING = (MODES.index(Mode.HOLD), MODES.index(Mode.FAULT))
REST_RAD = 1e-6  # between two ticks
REST_RAD_S = 0.03  # of targets, which some libraries plan themselves
TICK_RAD = 0.0016  # the coarsest wire's unit, a Dynamixel's
STAYS_RAD = 0.03  # a vendor's stop may take an arm where it is measured
LAST_TARGETS = 10


@dataclass(frozen=True)
class Evidence:
    """The folder of a trial in which something was made to go wrong at `injected_ns`; its bag must be whole.

    `heard` is what somebody else heard of `safety_status`, for what the bag no longer tells, `targets` what the
    controller received.
    """

    folder: Path
    injected_ns: int
    heard: tuple[tuple[int, dict[str, str]], ...] = ()
    targets: tuple[ReceivedTarget, ...] = ()

    @cached_property
    def trial(self) -> dict[str, Any] | None:
        """trial.json, None where the trial was not scored."""
        path = self.folder / "trial.json"
        return json.loads(path.read_text()) if path.exists() else None

    @cached_property
    def robot(self) -> Embodiment:
        """The robot that the trial ran on."""
        return load_embodiment(load_run_config(self.folder / "config" / "config.yaml").robot)

    @cached_property
    def rows(self) -> dict[str, Any]:
        """Every control tick by column: those of `setpoint_provenance`, and `target` and `sent` `(ticks, n)`."""
        with BagReader(self.folder / "bag") as bag:
            said = [fields.read_setpoint_provenance(m.message) for m in bag.messages(["setpoint_provenance"])]
            done = [fields.read_setpoints(m.message) for m in bag.messages(["setpoints"])]
        columns = {name: np.concatenate([getattr(batch, name) for batch in said]) for name in vars(said[0])}
        sequence = np.concatenate([batch.sequence for batch in done])
        _, ours, theirs = np.intersect1d(columns["sequence"], sequence, return_indices=True)
        return {
            **{name: column[ours] for name, column in columns.items()},
            **{name: np.concatenate([getattr(batch, name) for batch in done])[theirs] for name in ("target", "sent")},
        }

    @cached_property
    def statuses(self) -> list[tuple[int, dict[str, str]]]:
        """When `safety_status` said what, as recorded and as heard."""
        with BagReader(self.folder / "bag") as bag:
            read = [fields.read_diagnostics(m.message) for m in bag.messages(["safety_status"])]
        recorded = [(stamp_ns, dict(status.values)) for stamp_ns, (status, *_) in read]
        return sorted([*recorded, *self.heard], key=lambda said: said[0])

    def last_stamp_ns(self, topic: str) -> int:
        """Return the newest stamp before the trial's end on a topic whose messages have a header."""
        with BagReader(self.folder / "bag") as bag:
            stamps = [fields.read_stamp(m.message.header.stamp) for m in bag.messages([topic])]
        return max(stamp_ns for stamp_ns in stamps if stamp_ns <= self.stopped_ns)  # what is mended tells new ones

    def last_beat_ns(self) -> int:
        """Return when the last beat of the enable heartbeat came before the robot held."""
        held_ns = self.held_ns(self.injected_ns)
        with BagReader(self.folder / "bag") as bag:
            return max(m.stamp_ns for m in bag.raw_messages(["enable"]) if held_ns is None or m.stamp_ns <= held_ns)

    @cached_property
    def refusals(self) -> list[str]:
        """Why chunks were refused since, by `policy_status`."""
        with BagReader(self.folder / "bag") as bag:
            read = [fields.read_diagnostics(m.message) for m in bag.messages(["policy_status"])]
        said = (status.values.get("refused", "") for stamp_ns, (status, *_) in read if stamp_ns >= self.injected_ns)
        return [reason for reason in said if reason]

    @cached_property
    def stopped_ns(self) -> int:
        """When the trial told everyone to stop; the record's end where it did not."""
        with BagReader(self.folder / "bag") as bag:
            said = [(m.stamp_ns, fields.read_json_object(m.message)) for m in bag.messages(["trial_command"])]
        return next((at for at, command in said if command["verb"] == "stop"), int(self.rows["stamp_ns"][-1]))

    @cached_property
    def held(self) -> Any:
        """`(ticks,)`: whether the gate was closed, or nothing was followed."""
        rows = self.rows
        nothing = np.isnan(rows["target"]).any(axis=1)
        return (rows["limits"] & int(Limit.HOLD) > 0) | np.isin(rows["source"], RESTING) | nothing

    @property
    def sent_arm(self) -> FloatArray:
        """`(ticks, arm)`: where the arm was sent; NaN where it was sent nowhere."""
        sent: FloatArray = self.rows["sent"][:, ~self.robot.is_gripper]
        return sent

    @property
    def moved_before(self) -> bool:
        """Whether something was followed when the fault came."""
        return not self.held[self.rows["stamp_ns"] < self.injected_ns][-1]

    def held_ns(self, since_ns: int) -> int | None:
        """Return the first tick after `since_ns` that held; where the record ends before, when HOLD was said."""
        found = np.flatnonzero(self.held & (self.rows["stamp_ns"] >= since_ns))
        if len(found):
            return int(self.rows["stamp_ns"][found[0]])
        resting = (Mode.HOLD.value, Mode.FAULT.value)
        return min((at for at, values in self.statuses if at >= since_ns and values["mode"] in resting), default=None)

    @property
    def late_ns(self) -> int:
        """How late the first tick was that held after the fault."""
        late = self.rows["late_ns"][self.rows["stamp_ns"] == self.held_ns(self.injected_ns)]
        return int(late[0]) if len(late) else 0

    def rested_ns(self, since_ns: int) -> int | None:
        """Return the first tick from `since_ns` on that held, and sent the arm where the tick before did."""
        steps = np.abs(np.diff(self.sent_arm, axis=0, prepend=np.nan)).max(axis=1)
        found = np.flatnonzero(self.held & (steps <= REST_RAD) & (self.rows["stamp_ns"] >= since_ns))
        return int(self.rows["stamp_ns"][found[0]]) if len(found) else None

    def led_rad(self, mode: Mode, from_ns: int) -> FloatArray:
        """`(arm,)`: how far from where it was at the tick `from_ns` the source of `mode` led the arm in the trial."""
        rows, arm = self.rows, self.sent_arm
        inside = (rows["stamp_ns"] > from_ns) & (rows["stamp_ns"] < self.stopped_ns)
        led = arm[inside & ~self.held & (rows["source"] == MODES.index(mode))]
        return np.abs(led - arm[rows["stamp_ns"] == from_ns]).max(axis=0, initial=0.0)

    def braking_rad(self, at_ns: int) -> FloatArray:
        """`(arm,)`: how far at most an arm goes on that only brakes from the tick `at_ns` on, be it ever so softly."""
        tick = int(np.flatnonzero(self.rows["stamp_ns"] == at_ns)[0])
        speed = np.abs(self.sent_arm[tick] - self.sent_arm[tick - 1]) / self.robot.period_s
        return speed * STOP_GRACE_NS * 1e-9 + REST_RAD

    def mode_ns(self, mode: Mode, since_ns: int) -> int | None:
        """Return the first tick after `since_ns` in `mode`; None when there is none."""
        rows = self.rows
        found = np.flatnonzero((rows["source"] == MODES.index(mode)) & (rows["stamp_ns"] >= since_ns))
        return int(rows["stamp_ns"][found[0]]) if len(found) else None

    def faulted_ns(self, since_ns: int) -> int | None:
        """Return when FAULT was first said after `since_ns`, by a tick or by `safety_status`; None when it was not."""
        said = [at for at, values in self.statuses if at >= since_ns and values["mode"] == Mode.FAULT.value]
        ticked = self.mode_ns(Mode.FAULT, since_ns)
        return min(said if ticked is None else [ticked, *said], default=None)

    def moves_after(self, since_ns: int) -> bool:
        """Return whether the arm was sent anywhere else after `since_ns`."""
        sent = self.sent_arm[self.rows["stamp_ns"] >= since_ns]
        return bool(np.nanmax(np.abs(np.diff(sent, axis=0)), initial=0.0) > REST_RAD)

    @property
    def stopped_moving_ns(self) -> int | None:
        """When the controller received its last target; None unless the arm had come to rest, and was to stay there."""
        for before, then in pairwise(self.targets[-LAST_TARGETS:]):
            step_rad = np.abs(then.position - before.position).max()
            rest_rad = max(REST_RAD_S * (then.stamp_ns - before.stamp_ns) * 1e-9, TICK_RAD)
            away_rad = np.abs(self.targets[-1].position - then.position).max()
            if step_rad <= rest_rad and away_rad <= STAYS_RAD:
                return self.targets[-1].stamp_ns
        return None

    def ends_at_rest(self, ticks: int = 2) -> bool:
        """Return whether the last ticks of the record sent the arm nowhere else, or nothing at all."""
        return not self.moves_after(int(self.rows["stamp_ns"][-ticks]))

    @property
    def chunk_end_ns(self) -> int:
        """When the last chunk ends that was asked for before the fault."""
        first, chunk = self._last_chunk
        left = len(chunk.positions) - 1 - int(self.rows["index"][first])
        return int(self.rows["stamp_ns"][first]) + round(left * chunk.dt_s * 1e9)

    @property
    def chunk_ns(self) -> int:
        """How long that chunk is."""
        _, chunk = self._last_chunk
        return chunk.end_ns - chunk.t0_ns

    @cached_property
    def _last_chunk(self) -> tuple[int, ActionChunk]:
        """The first tick of that chunk, and the chunk."""
        rows = self.rows
        with BagReader(self.folder / "bag") as bag:
            messages = [m.message for m in bag.messages(["action_chunk"])]
        chunks = [fields.read_action_chunk(message, self.robot.joint_names) for message in messages]
        asked = {chunk.chunk_id: chunk for chunk in chunks if chunk.observation_stamp_ns <= self.injected_ns}
        followed = [k for k in np.flatnonzero(np.diff(rows["chunk_id"], prepend=-1)) if rows["chunk_id"][k] in asked]
        first = followed[-1]  # its first tick: an anchored chunk begins when it came, not at its t0
        return int(first), asked[int(rows["chunk_id"][first])]

    @property
    def limit_ratio(self) -> float:
        """The largest velocity or acceleration sent, as a share of its limit; infinite outside position limits."""
        robot, worst = self.robot, 0.0
        sent, arm = self.rows["sent"], ~self.robot.is_gripper
        if np.nanmax(np.maximum(robot.lower - sent, sent - robot.upper)) > 1e-9:
            return float("inf")
        breaks = np.flatnonzero(~np.isfinite(sent).all(axis=1) | (np.diff(self.rows["sequence"], prepend=0) != 1))
        for part in np.split(sent, breaks):
            velocity = np.diff(part[np.isfinite(part).all(axis=1)], axis=0) / robot.period_s
            acceleration = np.diff(velocity, axis=0) / robot.period_s
            for rate, limit in ((velocity, robot.velocity), (acceleration, robot.acceleration)):
                worst = max(worst, float(np.max((np.abs(rate) / limit)[:, arm], initial=0.0)))
        return worst
