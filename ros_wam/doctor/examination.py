"""The order of an examination: wait for the station, let it settle, measure while it is enabled, await the policy.

Nothing here asks the robot for a mode or a motion: it stays in HOLD.
"""

from enum import Enum

from ros_wam.doctor.listening import Listening

WAIT_S = 15.0
"""A station that has not come up by then is measured as it is."""
SETTLE_S = 0.5
MEASURE_S = 4.0


class Phase(Enum):
    """What is being done, in the words that are shown."""

    WAITING = "waiting for the station"
    SETTLING = "letting it settle"
    MEASURING = "measuring"
    ASKING = "waiting for the policy"
    DONE = "done"


class Examination:
    """Tell it the time by `tick`; `asked` is to be set once the policy has been asked, or is not to be."""

    def __init__(self, listening: Listening, now_ns: int) -> None:
        self._listening = listening
        self._since_ns = now_ns
        self.phase = Phase.WAITING
        self.asked = False

    @property
    def enabling(self) -> bool:
        """Whether the enable heartbeat is to be sent."""
        return self.phase in (Phase.SETTLING, Phase.MEASURING)

    def detail(self) -> str:
        """Return what is being done, and what is waited for."""
        missing = self._listening.missing() if self.phase is Phase.WAITING else []
        return f"{self.phase.value}: {', '.join(missing)}" if missing else self.phase.value

    def tick(self, now_ns: int) -> Phase:
        """Return the phase that is due; measuring begins, and `Listening` with it, when it is entered."""
        spent_s = (now_ns - self._since_ns) * 1e-9
        if self.phase is Phase.WAITING and (not self._listening.missing() or spent_s >= WAIT_S):
            self._enter(Phase.SETTLING, now_ns)
        elif self.phase is Phase.SETTLING and spent_s >= SETTLE_S:
            self._enter(Phase.MEASURING, now_ns)
            self._listening.begin(now_ns)
        elif self.phase is Phase.MEASURING and spent_s >= MEASURE_S:
            self._enter(Phase.ASKING, now_ns)
        elif self.phase is Phase.ASKING and self.asked:
            self._enter(Phase.DONE, now_ns)
        return self.phase

    def _enter(self, phase: Phase, now_ns: int) -> None:
        self.phase, self._since_ns = phase, now_ns
