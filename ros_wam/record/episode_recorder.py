"""Records one episode after another from serialized messages, and counts what it had to drop."""

from collections.abc import Mapping
from pathlib import Path

from ros_wam.errors import RecordError
from ros_wam.record.bag_thread import BagThread, Received
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import source_stamp_ns
from ros_wam.topics import Topic

_QUEUE_BYTES = 64 * 1024 * 1024  # about ten seconds of four cameras


class EpisodeRecorder:
    """Between episodes it remembers the newest message of every latched state, with which the next bag begins.

    Used by one thread; the disk is waited for by another.
    """

    def __init__(self, topics: Mapping[str, Topic], queue_bytes: int = _QUEUE_BYTES) -> None:
        self._topics = dict(topics)
        self._queue_bytes = queue_bytes
        self._states: dict[str, Received] = {}
        self._dropped: dict[str, int] = {}
        self._bag: BagThread | None = None

    @property
    def recording(self) -> bool:
        """Whether an episode is open."""
        return self._bag is not None

    @property
    def failure(self) -> RecordError | None:
        """What ended the writing of the open episode early."""
        return None if self._bag is None else self._bag.failure

    def start(self, bag_dir: Path, now_ns: int) -> None:
        """Open the new bag `bag_dir`; raises RecordError when that is not possible or an episode is open."""
        if self._bag is not None:
            raise RecordError(f"cannot record {bag_dir}: another episode is open")
        bag = BagThread(BagWriter(bag_dir, self._topics), self._queue_bytes)
        self._dropped = {}
        self._bag = bag
        for state in self._states.values():
            self._put(bag, state._replace(stamp_ns=now_ns))

    def take(self, topic: str, stamp_ns: int, data: bytes) -> None:
        """Record the message `data` (CDR) received at `stamp_ns`; never waits."""
        entry = self._topics[topic]
        message = Received(topic, stamp_ns, data, source_stamp_ns(entry.type, data))
        if entry.latched and entry.depth == 1:  # a state; a deeper history holds events, which do not repeat
            self._states[topic] = message
        if self._bag is not None:
            self._put(self._bag, message)

    def _put(self, bag: BagThread, message: Received) -> None:
        if not bag.put(message):
            self._dropped[message.topic] = self._dropped.get(message.topic, 0) + 1

    def stop(self) -> Mapping[str, int]:
        """Finish the bag; return how many messages of each topic it lacks because the disk could not keep up.

        Raises RecordError when the bag could not be written, or none is open.
        """
        bag, self._bag = self._bag, None
        if bag is None:
            raise RecordError("no episode is open")
        bag.close()
        return self._dropped
