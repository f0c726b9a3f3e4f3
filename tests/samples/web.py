"""A web server on loopback, for files that ADD downloads; it counts what it is asked."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Files(ThreadingHTTPServer):
    """Files by name; `asked` are the requests: name, and the status that they got."""

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(files)
        self.modified: dict[str, str] = {}
        self.asked: list[tuple[str, int]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Files)
        name = self.path.lstrip("/").partition("?")[0]
        text = self.server.files.get(name)
        content = (text or "").encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        status = 404 if text is None else 304 if self.headers.get("If-None-Match") == etag else 200
        self.server.asked.append((name, status))
        self.send_response(status)
        self.send_header("ETag", etag)
        if name in self.server.modified:
            self.send_header("Last-Modified", self.server.modified[name])
        body = content if status == 200 else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def file_server(files: Mapping[str, str]) -> Iterator[tuple[Files, str]]:
    """The server, and its `http://127.0.0.1:port`."""
    server = Files(files)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving_files(files: Mapping[str, str]) -> Iterator[str]:
    """A server of these files: its `127.0.0.1:port`."""
    with file_server(files) as (_, url):
        yield url.removeprefix("http://")
