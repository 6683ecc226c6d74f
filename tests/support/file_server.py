"""A web server on this machine that can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["FileServer", "serve"]


@dataclass
class FileServer:
    """What a server has, how it behaves, and what it was asked for.

    Attributes
    ----------
    files : dict of str to bytes
        By path.
    honours_ranges : bool
    drops : dict of str to list of int
        After how many bytes of a body the connection ends, one for each of the next requests.
    errors : dict of str to list of int
        Statuses for the next requests.
    redirects : dict of str to str
    requests : list of (str, str)
        Path and Range header of every request.
    """

    files: dict[str, bytes]
    honours_ranges: bool = True
    announces_length: bool = True
    wrong_range: bool = False
    drops: dict[str, list[int]] = field(default_factory=dict)
    errors: dict[str, list[int]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        what: FileServer = self.server.what
        wanted = self.headers.get("Range", "")
        what.requests.append((self.path, wanted))
        if self.path in what.redirects:
            self._head(302, {"Location": what.redirects[self.path]})
            return
        if what.errors.get(self.path):
            self._head(what.errors[self.path].pop(0), {})
            return
        if self.path not in what.files:
            self._head(404, {})
            return
        self._send(what, what.files[self.path], wanted)

    def _send(self, what: FileServer, content: bytes, wanted: str) -> None:
        headers, status, body = {}, 200, content
        if wanted and what.honours_ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self._head(416, {})
                return
            told = start + 1 if what.wrong_range else start
            headers["Content-Range"] = f"bytes {told}-{len(content) - 1}/{len(content)}"
            status, body = 206, content[start:]
        if what.announces_length:
            headers["Content-Length"] = str(len(body))
        self._head(status, headers)
        drops = what.drops.get(self.path)
        self.wfile.write(body[: drops.pop(0)] if drops else body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[FileServer]:
    """Run a server of some files on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    what = FileServer(files, url=f"http://127.0.0.1:{server.server_port}/")
    server.what = what  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield what
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
