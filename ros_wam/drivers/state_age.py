"""How old the newest state is, told rightly after a pause of this process too."""

from collections.abc import Callable

from ros_wam.clock import Clock

UNSEEN_NS = 40_000_000
"""Looks further apart than this, five periods of the slowest robot, have a pause between them."""
TURN_NS = 50_000_000
"""What the library's own thread may take, once this process runs again, to give what lies in the socket; half of the
silence for which a supervisor kills a control process."""
_POLL_NS = 500_000


class StateAge:
    """Silence that nobody listened to is none: the first look after a pause waits a moment for what lies in the socket.

    `received_ns()` gives the station time at which the newest state came, and takes note of a newer one.
    """

    def __init__(self, received_ns: Callable[[], int], clock: Clock) -> None:
        self._received_ns, self._clock = received_ns, clock
        self._looked_ns = clock.now_ns()

    def look_ns(self) -> int:
        """Return the age [ns]; takes up to `TURN_NS` after a pause in which no state came."""
        now_ns = self._clock.now_ns()
        deadline_ns = now_ns + TURN_NS if now_ns - self._looked_ns > UNSEEN_NS else now_ns
        while (age_ns := now_ns - self._received_ns()) > UNSEEN_NS and now_ns < deadline_ns:
            self._clock.sleep_until_ns(now_ns + _POLL_NS)
            now_ns = self._clock.now_ns()
        self._looked_ns = now_ns
        return age_ns
