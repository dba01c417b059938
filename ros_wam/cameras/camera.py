"""What every camera is: open it, read frames stamped at capture, close it."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from ros_wam.types import CameraFrame


class Camera(Protocol):
    """One device that serves one view.

    Owned by one thread. `open` and `read` raise CameraError; `close` may be called twice and does not raise.
    """

    def open(self) -> None:
        """Connect and check that the device accepted its settings."""
        ...

    def read(self, timeout_s: float) -> CameraFrame:
        """Wait for the next frame and return it.

        `stamp_ns` is when the picture was taken (the device's latency already subtracted), on station time, and later
        than that of every frame returned before. A frame is returned once: when no newer one comes within `timeout_s`
        this raises CameraError, so a frozen camera is never served as fresh.
        """
        ...

    def close(self) -> None:
        """Release the device."""
        ...


@runtime_checkable
class TellsFacts(Protocol):
    """A camera that tells what it is, what its settings were read back as, and what its stamps are."""

    def facts(self) -> Mapping[str, Any]:
        """Return what is known since it was opened, by name: text and numbers."""
        ...
