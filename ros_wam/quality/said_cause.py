"""Checks that the leader was there, and that the robot kept up with it, by what control says of itself."""

from collections.abc import Collection, Sequence

from ros_wam.causes import Cause
from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, graded
from ros_wam.quality.stretch import Stretch
from ros_wam.record.cdr import deserialize
from ros_wam.trial.statuses import read_safety
from ros_wam.trial.trace import Said
from ros_wam.types import Mode


class SaidCause:
    """How long a cause acted while a policy or a person had the robot. Not before it first did not: a leader has to
    come first. Nor if it began when the operator had let go, in which time no leader is followed; but a leader that
    is lost takes enable away with it, and counts until it leads again.
    """

    def __init__(self, cause: Cause, bounds: Bounds) -> None:
        """`cause` is one of CAUSES."""
        self._cause, (self._check, self._what, name) = cause, CAUSES[cause]
        self._most_s: tuple[float, float] = getattr(bounds, name)
        self._seen = False
        self._since_ns: int | None = None
        self._total_ns = 0
        self._worst: Stretch | None = None

    @property
    def topics(self) -> Collection[str]:
        """See MessageCheck."""
        return ("safety_status",)

    def take(self, heard: Heard) -> None:
        """See MessageCheck."""
        for said in read_safety(deserialize(heard.type, heard.data)):
            self._note(said, heard.receipt_ns)

    def _note(self, said: Said, now_ns: int) -> None:
        acting = {active.cause for active in said.active}
        driven = said.mode in (Mode.POLICY, Mode.TELEOP)
        free = driven and Cause.ENABLE_LOST not in acting
        self._seen = self._seen or (free and self._cause not in acting)
        acts = driven and self._seen and self._cause in acting and (free or self._since_ns is not None)
        if acts and self._since_ns is None:
            self._since_ns = now_ns
        elif not acts and self._since_ns is not None:
            self._total_ns += now_ns - self._since_ns
            self._worst = self._acted(now_ns)
            self._since_ns = None

    def _acted(self, now_ns: int) -> Stretch | None:
        if self._since_ns is None:
            return self._worst
        return Stretch(self._since_ns, now_ns, (now_ns - self._since_ns) * 1e-9).worse(self._worst)

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        worst = self._acted(span.end_ns)
        open_ns = 0 if self._since_ns is None else span.end_ns - self._since_ns
        total_s = (self._total_ns + open_ns) * 1e-9
        grade = graded(total_s, self._most_s)
        if grade is None or worst is None:
            return ()
        severity, most_s = grade
        detail = f"{self._what} for {total_s:.1f} s altogether (at most {most_s:g} s), at once for {worst.value:.1f} s"
        where = span.after_s(worst.begin_ns), span.after_s(worst.end_ns)
        return (Finding(self._check, severity, detail, *where, round(total_s, 3), most_s),)


CAUSES = {
    Cause.LEADER_LOST: (CheckName.LEADER_LOST, "the leader was lost", "leader_lost_s"),
    Cause.LAGGING: (CheckName.TRACKING_LAG, "the robot lagged behind", "lagging_s"),
}
"""Which check each cause is, in words, and its bounds."""
