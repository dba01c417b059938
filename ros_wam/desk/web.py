"""The desk over HTTP: the page and its parts, the state, the live views, and one place that commands are sent to."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import resources

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ros_wam.desk.access import Access
from ros_wam.desk.command import check_command
from ros_wam.desk.desk import Desk
from ros_wam.errors import SpecError, TrialError

EVENT_PERIOD_S = 0.2
MAX_PICTURE_HZ = 15.0
MAX_COMMAND_BYTES = 16_384
_PARTS = {
    "desk.html": "text/html",
    "desk.css": "text/css",
    "state.js": "text/javascript",
    "views.js": "text/javascript",
    "score.js": "text/javascript",
    "desk.js": "text/javascript",
    "desk.svg": "image/svg+xml",
}
_BOUNDARY = b"picture"


class DeskWeb:
    """What answers each address; `closing` ends the streams."""

    def __init__(self, desk: Desk) -> None:
        self.closing = False
        self._desk = desk
        page = resources.files("ros_wam.desk") / "page"
        self._parts = {name: (page / name).read_bytes() for name in _PARTS}

    def application(self, *, loopback: bool, token: str | None) -> Access:
        """Return the ASGI application; `token` is None where the desk asks for none."""
        routes = [
            Route("/", self._part("desk.html")),
            *[Route(f"/{name}", self._part(name)) for name in _PARTS],
            Route("/state", self._state),
            Route("/events", self._events),
            Route("/view/{view}.jpg", self._picture),
            Route("/view/{view}.mjpeg", self._pictures),
            Route("/reference/{view}.jpg", self._reference),
            Route("/command", self._command, methods=["POST"]),
        ]
        return Access(Starlette(routes=routes), loopback=loopback, token=token)

    def _part(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_: Request) -> Response:
            return Response(self._parts[name], media_type=_PARTS[name])

        return answer

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self._desk.snapshot())

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self._tell(), media_type="text/event-stream")

    async def _tell(self) -> AsyncIterator[bytes]:
        """Yield the state five times a second, as server-sent events."""
        yield b"retry: 500\n\n"
        while not self.closing:
            yield b"data: " + json.dumps(self._desk.snapshot()).encode() + b"\n\n"
            await asyncio.sleep(EVENT_PERIOD_S)

    async def _picture(self, request: Request) -> Response:
        """Answer with the newest picture; 204 when the browser has it already, whose stamp it gives as `after`."""
        kept = self._desk.state.newest(request.path_params["view"])
        if kept is None:
            return PlainTextResponse("no picture of this view", 404)
        stamp = str(kept.stamp_ns)
        if request.query_params.get("after") == stamp:
            return Response(status_code=204)
        return Response(kept.jpeg, media_type="image/jpeg", headers={"x-stamp-ns": stamp})

    async def _pictures(self, request: Request) -> Response:
        view = request.path_params["view"]
        if view not in self._desk.state.views:
            return PlainTextResponse("no such view", 404)
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY.decode()}"
        return StreamingResponse(self._stream(view), media_type=kind)

    async def _stream(self, view: str) -> AsyncIterator[bytes]:
        """Yield each new picture, at a bounded rate; a browser that is slow misses some."""
        told_ns = None
        while not self.closing:
            kept = self._desk.state.newest(view)
            if kept is not None and kept.stamp_ns != told_ns:
                told_ns = kept.stamp_ns
                head = b"--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (_BOUNDARY, len(kept.jpeg))
                yield head + kept.jpeg + b"\r\n"
            await asyncio.sleep(1.0 / MAX_PICTURE_HZ)

    async def _reference(self, request: Request) -> Response:
        jpeg = await run_in_threadpool(self._desk.reference, request.path_params["view"])
        if jpeg is None:
            return PlainTextResponse("no reference picture of this scene", 404)
        return Response(jpeg, media_type="image/jpeg")

    async def _command(self, request: Request) -> Response:
        """Answer 204 when it was done, 409 with why it was refused, 400 when it is no command, 504 when nobody says."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_COMMAND_BYTES:
                return PlainTextResponse(f"a command has at most {MAX_COMMAND_BYTES} bytes", 413)
        try:
            command = check_command(json.loads(body))
            refusal = await run_in_threadpool(self._desk.command, command)
        except (SpecError, ValueError, RecursionError) as error:
            return PlainTextResponse(str(error), 400)
        except TrialError as error:
            return PlainTextResponse(str(error), 504)
        return Response(status_code=204) if refusal is None else PlainTextResponse(refusal, 409)
