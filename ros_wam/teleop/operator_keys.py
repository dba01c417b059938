"""All keys of a run: those typed in the operator's terminal, and those of its pedal."""

from ros_wam.clock import Clock
from ros_wam.errors import LeaderError
from ros_wam.teleop.key_socket import KeySocket
from ros_wam.teleop.keys import Keys, KeyState
from ros_wam.teleop.pedal import Pedal

REOPEN_NS = 1_000_000_000


class OperatorKeys:
    """Called for what is held and was pressed since the last call; owns terminal and pedal, and belongs to one thread.

    A pedal that is lost holds nothing, and is opened again every second; `lost` says why it is.
    """

    def __init__(self, terminal: KeySocket, pedal: Pedal | None, clock: Clock) -> None:
        self._terminal, self._pedal, self._clock = terminal, pedal, clock
        self._typed, self._stepped = Keys(), Keys()
        self._opened, self._open_ns = False, clock.now_ns()
        self.lost = ""

    def __call__(self) -> KeyState:
        now_ns = self._clock.now_ns()
        for data, stamp_ns in self._terminal.read(now_ns):
            self._typed.feed(data, stamp_ns)
        if self._pedal is not None:
            self._read_pedal(self._pedal, now_ns)
        return self._typed.state(now_ns) | self._stepped.state(now_ns)

    def close(self) -> None:
        """Close both."""
        self._terminal.close()
        if self._pedal is not None:
            self._pedal.close()

    def _read_pedal(self, pedal: Pedal, now_ns: int) -> None:
        if not self._opened and now_ns < self._open_ns:
            return
        try:
            if not self._opened:
                pedal.open()
                self._opened, self.lost = True, ""
            pedal.read(self._stepped)
        except LeaderError as error:
            self._opened, self._open_ns, self.lost = False, now_ns + REOPEN_NS, str(error)
