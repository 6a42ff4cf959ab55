"""A mirror on this machine that serves files, and misbehaves as it is told."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirror:
    """What stands under each name, how it is served, and what was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address  # of the folder
        self.files: dict[str, bytes] = {}
        self.manner = "well"  # or one of `Handler`'s others
        self.asked: list[tuple[str, str | None]] = []  # name, range
        self.ended = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        mirror, name = self.mirror, self.path.rpartition("/")[2]
        wanted = self.headers.get("Range")
        mirror.asked.append((name, wanted))
        content = mirror.files.get(name)
        if content is None or mirror.manner == "404":
            self.send_error(404)
            return
        if mirror.manner == "moves" and "moved" not in self.path:
            self.send_response(302)
            self.send_header("Location", f"{mirror.address}moved/{name}")
            self.end_headers()
            return
        if mirror.manner == "silent":
            mirror.ended.wait(5)
            return
        begin = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and mirror.manner != "no range" else 0
        if begin >= len(content) > 0:
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        if mirror.manner == "says it is packed":
            self.send_header("Content-Encoding", "gzip")
        if mirror.manner != "no length":
            self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        self._send(content[begin:])

    def _send(self, content: bytes) -> None:
        try:
            if self.mirror.manner == "breaks off":
                self.wfile.write(content[: len(content) // 2])
            elif self.mirror.manner == "trickles":
                for place in range(len(content)):
                    self.wfile.write(content[place : place + 1])
                    time.sleep(0.02)
            else:
                self.wfile.write(content)
        except OSError:  # it has heard enough
            pass

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def mirror() -> Iterator[Mirror]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    served = Mirror(f"http://127.0.0.1:{server.server_address[1]}/data/")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"mirror": served})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
