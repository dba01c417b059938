"""The desk's server: streams what is newest to whoever asks, and ends at once however many look on."""

import json
import threading

import httpx
import pytest
from desk_station import MS, DeskStation, flat

from ros_wam.desk.serve import DeskServer
from ros_wam.errors import ConfigError

pytestmark = pytest.mark.slow


def address(server: DeskServer, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def test_events_tell_what_has_changed(station: DeskStation, server: DeskServer) -> None:
    with httpx.stream("GET", address(server, "/events"), timeout=10.0) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))
        assert next(told)["trial"]["state"] == "running"
        station.tell(state="stopping")
        assert next(state for state in told if state["trial"]["state"] == "stopping")


def test_a_live_view_brings_each_new_picture(station: DeskStation, server: DeskServer) -> None:
    station.see(**{"global": flat(10)})
    with httpx.stream("GET", address(server, "/view/global.mjpeg"), timeout=10.0) as answer:
        assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")
        came, parts = b"", answer.iter_raw()
        while flat(10) not in came:
            came += next(parts)
        station.clock.advance_ns(33 * MS)
        station.see(**{"global": flat(200)})
        while flat(200) not in came:
            came += next(parts)
        assert came.count(flat(10)) == 1


def test_it_ends_while_others_look_on(station: DeskStation) -> None:
    server = DeskServer(station.desk, "127.0.0.1", 0, None)
    station.see(**{"global": flat(10)})
    ended = threading.Barrier(3)

    def look(path: str) -> None:
        with httpx.stream("GET", address(server, path), timeout=10.0) as answer:
            parts = answer.iter_raw()
            next(parts)
            ended.wait(10.0)
            for _ in parts:
                pass
        ended.wait(10.0)

    for path in ("/events", "/view/global.mjpeg"):
        threading.Thread(target=look, args=(path,), daemon=True).start()
    ended.wait(10.0)
    server.close()
    ended.wait(10.0)
    with pytest.raises(httpx.ConnectError):
        httpx.get(address(server, "/state"))


def test_a_port_that_is_taken_is_named(server: DeskServer, station: DeskStation) -> None:
    with pytest.raises(ConfigError, match=f"cannot be served at 127.0.0.1 port {server.port}"):
        DeskServer(station.desk, "127.0.0.1", server.port, None)
