"""Checks that a camera goes on seeing: that there are pictures, that they change, and that their stamps do."""

import struct
from collections.abc import Collection, Sequence

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.stretch import Stretch

_STRING = struct.Struct("<I")
_FRAME_ID = 12  # after the encapsulation and the stamp
_QUANTIZATION = b"\xff\xdb"  # ISO/IEC 10918-1, table B.1: what every JPEG has, after its comments


def picture_of(data: bytes) -> bytes:
    """Return what differs between two pictures of a serialized CompressedImage: neither its stamp nor its comments."""
    begin = _FRAME_ID
    for _ in range(2):  # frame_id, format
        if len(data) < begin + _STRING.size:
            return data
        begin += _STRING.size + _STRING.unpack_from(data, begin)[0]
        begin += -begin % _STRING.size
    return data[max(begin, data.find(_QUANTIZATION, begin)) :]


class FrozenCamera:
    """One topic of pictures. It need not decode them: an encoder makes the same of the same."""

    def __init__(self, topic: str, bounds: Bounds, start_ns: int, paced: bool) -> None:
        """`paced`: pictures come all the time, not only when somebody looks."""
        self._topic, self._frozen_ns = topic, round(bounds.frozen_s * 1e9)
        self._picture, self._stamp_ns = b"", -1
        self._paced, self._now_ns = paced, start_ns
        self._picture_since_ns = self._stamp_since_ns = 0
        self._same: Stretch | None = None
        self._still: Stretch | None = None
        self._silent: Stretch | None = None

    @property
    def topics(self) -> Collection[str]:
        """See MessageCheck."""
        return (self._topic,)

    def take(self, heard: Heard) -> None:
        """See MessageCheck."""
        now_ns = heard.receipt_ns
        self._silent, self._now_ns = self._silent_until(now_ns), now_ns
        picture = picture_of(heard.data)
        if picture != self._picture:
            self._picture, self._picture_since_ns = picture, now_ns
        elif now_ns - self._picture_since_ns >= self._frozen_ns:
            self._same = _since(self._picture_since_ns, now_ns).worse(self._same)
        stamp_ns = -1 if heard.stamp_ns is None else heard.stamp_ns
        if stamp_ns != self._stamp_ns:
            self._stamp_ns, self._stamp_since_ns = stamp_ns, now_ns
        elif stamp_ns >= 0 and now_ns - self._stamp_since_ns >= self._frozen_ns:
            self._still = _since(self._stamp_since_ns, now_ns).worse(self._still)

    def _silent_until(self, now_ns: int) -> Stretch | None:
        if not self._paced or now_ns - self._now_ns < self._frozen_ns:
            return self._silent
        return _since(self._now_ns, now_ns).worse(self._silent)

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        told = (
            (self._same, "shows the same picture"),
            (self._still, "gives pictures of the same stamp"),
            (self._silent_until(span.end_ns), "gives no picture"),
        )
        return [self._finding(stretch, what, span) for stretch, what in told if stretch is not None]

    def _finding(self, stretch: Stretch, what: str, span: Span) -> Finding:
        bound = self._frozen_ns * 1e-9
        detail = f"{self._topic}: {what} for {stretch.value:.1f} s (at most {bound:g} s)"
        where = span.after_s(stretch.begin_ns), span.after_s(stretch.end_ns)
        return Finding(CheckName.FROZEN_CAMERA, Severity.BAD, detail, *where, round(stretch.value, 3), bound)


def _since(begin_ns: int, now_ns: int) -> Stretch:
    return Stretch(begin_ns, now_ns, (now_ns - begin_ns) * 1e-9)
