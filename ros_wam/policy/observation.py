"""From the newest frames and the joint state history to one time-aligned observation, or to why there is none."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ros_wam.causes import Cause
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ObservationError, SpecError
from ros_wam.policy.frame_history import FrameHistory
from ros_wam.policy.key_frames import KeyFrame, KeyFrames
from ros_wam.policy.profile import Freshness
from ros_wam.types import CameraFrame, FloatArray, JointState, Observation

HISTORY_S = 2.0


class ObservationBuilder:
    """Keeps the newest frame of each view and `HISTORY_S` of joint states; may be filled and read by several threads.

    What does not advance in time is not kept, so a camera or a driver that repeats itself grows stale. Only where time
    falls back by more than `max_age_s` the stamps before were wrong: what they belong to is forgotten.
    """

    def __init__(
        self,
        embodiment: Embodiment,
        views: Sequence[str],
        frame_period_s: float,
        freshness: Freshness,
        history: FrameHistory | None = None,
    ) -> None:
        self._embodiment = embodiment
        self._views = tuple(views)
        self._max_age_ns = round(freshness.max_age_s * 1e9)
        self._margin_ns = round(freshness.skew_margin_s * 1e9)
        self._max_skew_ns = round(frame_period_s * 1e9) + self._margin_ns
        self._frames: dict[str, CameraFrame] = {}
        self._history = FrameHistory({}, 1.0) if history is None else history
        self._key_frames = KeyFrames(views)
        self._states: deque[JointState] = deque()
        self._lock = threading.Lock()

    def looks_back(self, now_ns: int) -> bool:
        """Return whether a frame of now counts, and not only those that are there when the policy looks."""
        with self._lock:
            return bool(self._history) or self._key_frames.wants(now_ns)

    def begin_episode(self) -> None:
        """Forget the earlier frames."""
        with self._lock:
            self._history.clear()
            self._key_frames.forget()

    def add_frame(self, frame: CameraFrame) -> None:
        """Keep `frame` if its view is wanted and it is newer than the one kept."""
        with self._lock:
            kept = self._frames.get(frame.view)
            if frame.view in self._views and (kept is None or self._replaces(frame, kept)):
                self._frames[frame.view] = frame
                self._history.add(frame)
                self._key_frames.add(frame)

    def add_joint_state(self, state: JointState) -> None:
        """Keep `state`, in the joint order of the embodiment, if it is newer than the last; raises SpecError."""
        names = self._embodiment.joint_names
        if len(state.position) != len(names):
            raise SpecError(f"joint state has {len(state.position)} joints, {self._embodiment.name} has {len(names)}")
        with self._lock:
            if not self._states or self._replaces(state, self._states[-1]):
                while self._states and self._states[-1].stamp_ns >= state.stamp_ns:
                    self._states.pop()
                self._states.append(state)
                while state.stamp_ns - self._states[0].stamp_ns > HISTORY_S * 1e9:
                    self._states.popleft()

    def build(self, now_ns: int, prompt: str) -> Observation:
        """Return the observation of the newest frames, the joint state interpolated to the oldest of them.

        Raises ObservationError with cause CAMERA_STALE (a view is missing, too old or from the future), CAMERA_SKEWED
        or STATE_STALE (the measured states do not surround the oldest frame, or leave a gap there). Nothing is
        extrapolated: a moment later a newer state may do.
        """
        with self._lock:
            frames, states = dict(self._frames), tuple(self._states)
            self._check_frames(frames, now_ns)
            history = self._history.before(frames)
        stamp_ns = min(frame.stamp_ns for frame in frames.values())
        return Observation(stamp_ns, frames, self._interpolate(states, stamp_ns), prompt, history=history)

    def expect_key_frames(self, due_ns: Sequence[int], reached_ns: Callable[[int], int]) -> None:
        """Collect what is seen as rows are reached; see KeyFrames."""
        with self._lock:
            self._key_frames.expect(due_ns, reached_ns)

    def take_key_frames(self, newest: KeyFrame) -> tuple[KeyFrame, ...]:
        """Return what was collected since, and collect no more; see KeyFrames."""
        with self._lock:
            return self._key_frames.take(newest)

    def newest_state(self, now_ns: int) -> JointState:
        """Return the last measured joint state; raises ObservationError (STATE_STALE) when none is fresh."""
        with self._lock:
            newest = self._states[-1] if self._states else None
        if newest is None:
            raise ObservationError(Cause.STATE_STALE, "no joint state yet")
        self._check_age(newest.stamp_ns, now_ns, Cause.STATE_STALE, "joint state")
        return newest

    def moved_since(self, state: JointState) -> FloatArray:
        """Return `(n,)`: how far each joint has been from `state` since then, as far as is kept [rad, grippers 0–1]."""
        with self._lock:
            later = [kept.position for kept in self._states if kept.stamp_ns >= state.stamp_ns]
        moved: FloatArray = np.abs(np.array([state.position, *later]) - state.position).max(axis=0)
        return moved

    def is_still(self, duration_s: float, tolerance_rad: float) -> bool:
        """Return whether no arm joint has moved further than this in the last while; False if that is not known."""
        with self._lock:
            since_ns = self._states[-1].stamp_ns - duration_s * 1e9 if self._states else 0
            known = bool(self._states) and self._states[0].stamp_ns <= since_ns
            recent = np.array([state.position for state in self._states if state.stamp_ns >= since_ns])
        return known and bool((np.ptp(recent, axis=0)[~self._embodiment.is_gripper] <= tolerance_rad).all())

    def _check_frames(self, frames: Mapping[str, CameraFrame], now_ns: int) -> None:
        for view in self._views:
            if view not in frames:
                raise ObservationError(Cause.CAMERA_STALE, f"view {view} has sent no frame yet")
            self._check_age(frames[view].stamp_ns, now_ns, Cause.CAMERA_STALE, f"newest frame of view {view}")
        oldest, newest = (pick(frames.values(), key=lambda frame: frame.stamp_ns) for pick in (min, max))
        skew_ns = newest.stamp_ns - oldest.stamp_ns
        if skew_ns > self._max_skew_ns:
            detail = f"views {oldest.view} and {newest.view} are {_ms(skew_ns)} apart, at most {_ms(self._max_skew_ns)}"
            raise ObservationError(Cause.CAMERA_SKEWED, detail)

    def _interpolate(self, states: Sequence[JointState], stamp_ns: int) -> JointState:
        after = next((i for i, state in enumerate(states) if state.stamp_ns >= stamp_ns), None)
        if after is None:
            detail = f"newest joint state is {_ms(stamp_ns - states[-1].stamp_ns)} older than" if states else "none for"
            raise ObservationError(Cause.STATE_STALE, f"{detail} the oldest frame")
        if states[after].stamp_ns == stamp_ns:
            return states[after]
        if after == 0:
            detail = f"oldest joint state is {_ms(states[0].stamp_ns - stamp_ns)} newer than the oldest frame"
            raise ObservationError(Cause.STATE_STALE, detail)
        a, b = states[after - 1], states[after]
        gap_ns = b.stamp_ns - a.stamp_ns
        if gap_ns > self._max_age_ns:
            detail = f"joint states around the oldest frame are {_ms(gap_ns)} apart, at most {self._age_bound()}"
            raise ObservationError(Cause.STATE_STALE, detail)
        w = (stamp_ns - a.stamp_ns) / gap_ns
        fields = (
            (a.position, b.position),
            (a.velocity, b.velocity),
            (a.effort, b.effort),
            (a.tool_force_n, b.tool_force_n),
        )
        return JointState(stamp_ns, *((1.0 - w) * before + w * later for before, later in fields))

    def _check_age(self, stamp_ns: int, now_ns: int, cause: Cause, what: str) -> None:
        age_ns = now_ns - stamp_ns
        if age_ns > self._max_age_ns:
            raise ObservationError(cause, f"{what} is {_ms(age_ns)} old, at most {self._age_bound()}")
        if age_ns < -self._margin_ns:
            raise ObservationError(
                cause, f"{what} is from {_ms(-age_ns)} in the future, at most {_ms(self._margin_ns)}"
            )

    def _replaces(self, new: CameraFrame | JointState, last: CameraFrame | JointState) -> bool:
        return new.stamp_ns > last.stamp_ns or last.stamp_ns - new.stamp_ns > self._max_age_ns

    def _age_bound(self) -> str:
        return _ms(self._max_age_ns)


def _ms(duration_ns: int) -> str:
    return f"{duration_ns * 1e-6:.1f} ms"
