"""A server of MJPEG on the loopback interface, as a network camera is one."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

WIDTH, HEIGHT = 64, 48


def picture(number: int) -> Any:
    """Return the picture of that number, HxWx3 RGB: red counts, blue tells that the colours are in their order."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, :, 0], image[:, :, 2] = (number * 3) % 200, 250
    return image


class MjpegServer:
    """Sends pictures 30 times a second to everybody who asks, until it is frozen or closed."""

    def __init__(self, port: int = 0, period_s: float = 1.0 / 30.0) -> None:
        self.frozen = threading.Event()
        self._stop = threading.Event()
        outer = self

        class Request(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                number = 0
                while not outer._stop.wait(period_s):
                    if outer.frozen.is_set():
                        continue
                    number += 1
                    jpeg = cv2.imencode(".jpg", picture(number)[:, :, ::-1])[1].tobytes()
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    try:
                        self.wfile.write(head.encode() + jpeg + b"\r\n")
                    except OSError:
                        return  # it has hung up

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Request)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/stream.mjpg"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Hang up and refuse connections; the port may be taken again."""
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
