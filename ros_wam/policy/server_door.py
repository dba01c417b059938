"""Who may come in to a policy server: answered before a connection becomes a session, and where its health is asked."""

import hmac
from collections.abc import Sized
from http import HTTPStatus

from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

HEALTH_PATH = "/healthz"
MAX_SESSIONS = 64
_SCHEMES = ("bearer", "api-key")  # the second is what openpi's client sends


class ServerDoor:
    """Closed until `is_warm`, to those without the token if there is one, and while there are MAX_SESSIONS.

    GET /healthz needs no token: 200 and OK once the policy is warm, 503 before.
    """

    def __init__(self, token: str | None, sessions: Sized) -> None:
        self._token = None if token is None else token.encode()
        self._sessions = sessions
        self.is_warm = False

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return None to let a connection in, else what it is told."""
        if request.path != HEALTH_PATH and not self._knows_token(request):
            response = connection.respond(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong\n")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        if not self.is_warm:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "warming up\n")
        if request.path == HEALTH_PATH:
            return connection.respond(HTTPStatus.OK, "OK\n")
        if len(self._sessions) >= MAX_SESSIONS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"there are {MAX_SESSIONS} clients already\n")
        return None

    def _knows_token(self, request: Request) -> bool:
        if self._token is None:
            return True
        sent = request.headers.get_all("Authorization")
        scheme, _, given = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
        return scheme.lower() in _SCHEMES and hmac.compare_digest(given.strip().encode(), self._token)
