"""A small server for listening tests: hands out the page and listener numbers, and takes the ratings."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.key import PAGE
from svstoolkit.evaluation.listening.register import Refused, Register

MOST_BYTES = 1_000_000  # of what may be posted; a session of 300 trials has about 50,000
AUDIO = re.compile(r"/audio/([0-9a-f]{12})\.wav")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Handler(BaseHTTPRequestHandler):
    """Serves index.html and `audio/<id>.wav`, no other path, and takes posts to `session` and `ratings`."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server: "TestServer"

    def do_GET(self) -> None:
        self._handle(self._file)

    def do_HEAD(self) -> None:
        self._handle(self._file)

    def do_POST(self) -> None:
        self._handle(self._take)

    def _handle(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Refused as refused:
            self._answer(refused.status, {"listening": 1, "reason": str(refused)})
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the listener went away

    def _file(self) -> None:
        path = self.path.partition("?")[0]
        if path in ("/", "/index.html"):
            return self._send(self.server.page / "index.html", "text/html; charset=utf-8")
        if sound := AUDIO.fullmatch(path):
            return self._send(self.server.page / "audio" / f"{sound[1]}.wav", "audio/wav")
        raise Refused(HTTPStatus.NOT_FOUND, "there is no such page")

    def _send(self, file: Path, content_type: str) -> None:
        """The file, or the part asked for: browsers seek in sounds by ranges."""
        if not file.is_file():
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such page")
        body = file.read_bytes()
        size, status, headers = len(body), HTTPStatus.OK, {"Accept-Ranges": "bytes"}
        asked = RANGE.fullmatch(self.headers.get("Range", ""))
        if asked and (asked[1] or asked[2]):
            start = int(asked[1]) if asked[1] else max(0, size - int(asked[2]))
            end = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
            if start > end:
                raise Refused(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "no such range")
            body, status = body[start : end + 1], HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {start}-{end}/{size}"
        self._write(status, body, content_type, headers)

    def _take(self) -> None:
        actions = {"/session": self._join, "/ratings": self._save}
        if self.path not in actions:
            self.close_connection = True
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such page")
        actions[self.path](self._posted())

    def _join(self, content: Any) -> None:
        self._answer(HTTPStatus.OK, {"listening": 1, "session": self.server.register.join(content)})

    def _save(self, content: Any) -> None:
        self.server.register.save(content)
        self._answer(HTTPStatus.OK, {"listening": 1})

    def _posted(self) -> Any:
        length = self.headers.get("Content-Length", "")
        self.close_connection = True  # until the body has been read, what follows is not a request
        if not length.isascii() or not length.isdigit():
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "no length given")
        if int(length) > MOST_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_BYTES} bytes")
        if self.headers.get_content_type() != "application/json":  # so that other sites' pages cannot post here
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not application/json")
        body = self.rfile.read(int(length))
        self.close_connection = False
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "not JSON") from error

    def _answer(self, status: HTTPStatus, content: dict) -> None:
        self._write(status, json.dumps(content).encode(), "application/json", {"Cache-Control": "no-store"})

    def _write(self, status: HTTPStatus, body: bytes, content_type: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        fixed = {"Content-Type": content_type, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
        for name, value in (fixed | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what listeners do is nobody's business but the ratings'."""


class TestServer(ThreadingHTTPServer):
    """The server of the test in `folder`; `serve_forever()` runs it.

    Raises:
        InputError: the folder holds no test, or the port cannot be had.
    """

    __test__ = False
    daemon_threads = True

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 8000, patience: float = 3600.0):
        self.register = Register(folder, patience)
        self.page = folder / PAGE
        if not (self.page / "index.html").is_file():
            raise InputError(f"{self.page}/index.html does not exist; build the test again")
        try:
            super().__init__((host, port), Handler)
        except (OSError, OverflowError) as error:
            raise InputError(f"cannot listen at {host}, port {port}: {error}; choose another --port") from error

    @property
    def address(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host}:{port}/"
