"""Sends an operator's commands to the desk of a run, one after the other, while the caller goes on."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import httpx

from ros_wam.desk_access import DeskAccess

TIMEOUT_S = 5.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class DeskClient:
    """Use as a context manager. `answer` is what came of the last command: empty when it was done."""

    def __init__(self, desk: DeskAccess, changed: Callable[[], None]) -> None:
        """`changed` is called, in another thread, when `answer` has changed."""
        host = _ANY.get(desk.host, desk.host)
        self._url = f"http://{f'[{host}]' if ':' in host else host}:{desk.port}/command"
        self._headers = {} if desk.token is None else {"authorization": f"Bearer {desk.token}"}
        self._changed = changed
        self._pool = ThreadPoolExecutor(1, "desk_client")
        self.answer = ""

    def __enter__(self) -> "DeskClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def send(self, command: Mapping[str, Any]) -> None:
        """Send `command` after those that were sent before."""
        self._say(f"{command['verb']} …")
        self._pool.submit(self._send, dict(command))

    def _send(self, command: Mapping[str, Any]) -> None:
        try:
            answer = httpx.post(self._url, json=command, headers=self._headers, timeout=TIMEOUT_S, trust_env=False)
            self._say("" if answer.is_success else f"{command['verb']}: {answer.text}")
        except httpx.HTTPError as error:
            self._say(f"{command['verb']}: the desk does not answer ({error or type(error).__name__})")

    def _say(self, answer: str) -> None:
        self.answer = answer
        self._changed()
