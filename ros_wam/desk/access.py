"""Who may use the desk: whoever knows the token, from a page that the desk served itself, by a name that is its own."""

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ros_wam.desk_access import is_loopback

COOKIE = "ros_wam_desk"
"""Begins the cookie's name, which its port ends: a browser keeps one set of cookies for all ports of a host."""
_HARDENING = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Access:
    """Lets through what may pass, to `app`, and says on every answer what a browser may do with it.

    A token in `?token=` becomes a cookie that no script can read, and goes from the address. Where the desk is on the
    loopback address, a request by another name comes from a page that had its own name point here. A request that
    changes something comes from the desk's own page, or from no page.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool, token: str | None) -> None:
        self._app = app
        self._loopback = loopback
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in _HARDENING.items()]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await (self._answer(scope, Headers(scope=scope)) or self._app)(scope, receive, hardened)

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """Return what a request gets that may not pass, or is to come again without its token; None for the rest."""
        host = headers.get("host", "")
        if self._loopback and not _names_loopback(host):
            return PlainTextResponse(f"this desk is not known as {host[:100]!r}", 421)
        if scope["method"] not in ("GET", "HEAD") and not _same_origin(headers, host):
            return PlainTextResponse("only the desk's own page may ask for this", 403)
        if self._token is None:
            return None
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        given = asked.pop("token", [""])[0]
        if given and scope["method"] == "GET" and self._is_token(given):
            return self._with_cookie(scope["path"], urlencode(asked, doseq=True), _cookie_name(host), given)
        if self._is_token(_bearer(headers)) or self._is_token(_cookie(headers, _cookie_name(host))):
            return None
        return PlainTextResponse("this desk asks for its token: open the address that it was started with", 401)

    def _is_token(self, text: str) -> bool:
        return self._token is not None and hmac.compare_digest(text.encode(), self._token)

    def _with_cookie(self, path: str, query: str, name: str, token: str) -> Response:
        again = RedirectResponse(path + (f"?{query}" if query else ""), 303)
        again.set_cookie(name, token.encode().hex(), httponly=True, samesite="lax")
        return again


def _names_loopback(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def _same_origin(headers: Headers, host: str) -> bool:
    """Return whether a request that changes something may come from where its browser says it does.

    A program that is no browser says nothing of it.
    """
    origin = headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2] == host
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _cookie_name(host: str) -> str:
    port = host.rpartition(":")[2]
    return f"{COOKIE}_{port}" if port.isdecimal() and port.isascii() else COOKIE


def _cookie(headers: Headers, name: str) -> str:
    try:
        kept = SimpleCookie(headers.get("cookie", "")).get(name)
        return "" if kept is None else bytes.fromhex(kept.value).decode()
    except (CookieError, ValueError):
        return ""
