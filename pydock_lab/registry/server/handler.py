"""One connection: bytes to a Request, a Response to bytes, an Access for the log.

    read the head -> routes.answer -> write head and body -> the same connection again, unless something broke

Whatever goes wrong, a client gets the JSON form of the specification, and nothing is ever written to stderr: in a
notebook that would look like a failed cell.
"""

import ssl
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydock_lab.registry.server.access import Access
from pydock_lab.registry.server.bodies import Body, BrokenBody, drain, open_body
from pydock_lab.registry.server.listener import Listener
from pydock_lab.registry.server.messages import ErrorCode, FileSlice, Refusal, Request, Response
from pydock_lab.registry.server.routes import answer

_IDLE = 120  # seconds without a byte, after which a connection is closed
_AT_ONCE = 1 << 16  # bytes that go out together with their head
# Bytes of a refused body that are still taken: over TLS, who is cut off while sending hears no answer.
_DRAINED, _DRAINED_TLS = 1 << 16, 16 << 20


class Handler(BaseHTTPRequestHandler):
    """A connection of the Listener `server`, in a thread of its own."""

    server: Listener
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "pydock", ""
    timeout = _IDLE
    # Small answers go out at once: with Nagle's algorithm each would wait 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = _AT_ONCE

    def handle_one_request(self) -> None:
        """Wait for a request, and answer it."""
        self.server.wait(self.connection)
        super().handle_one_request()

    def parse_request(self) -> bool:
        """The first line of one is here."""
        self.server.begin(self.connection)
        return super().parse_request()

    def _serve(self) -> None:
        began = time.monotonic()
        try:
            body = open_body(self.headers, self.rfile)
        except BrokenBody as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        response, username = self._answer(body)
        # What an endpoint did not read would be taken for the next request: read it, or end the connection.
        most = _DRAINED_TLS if isinstance(self.connection, ssl.SSLSocket) else _DRAINED
        if body.left != 0 and not _drained(body, most):
            self.close_connection = True
        # The log first: whoever has the answer finds it there.
        self.server.note(
            Access(
                client=str(self.client_address[0]),
                username=username,
                method=self.command,
                path=self.path,
                status=int(response.status),
                received=body.taken,
                sent=0 if self.command == "HEAD" else response.length,
                seconds=time.monotonic() - began,
            )
        )
        self._send(response)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server looks for these names

    def _answer(self, body: Body) -> tuple[Response, str]:
        try:
            return answer(self.server.registry, self.server.guard, self._request(body))
        except Refusal as refusal:
            return refusal.response(), ""
        except BrokenBody as error:
            self.close_connection = True
            return Refusal(ErrorCode.BLOB_UPLOAD_INVALID, str(error)).response(), ""
        except (ConnectionError, TimeoutError):  # nobody is there any more to be told
            raise
        except Exception as error:  # noqa: BLE001 - a defect here must not end the server, and must be seen
            self.close_connection = True
            return Refusal(ErrorCode.UNKNOWN, f"{type(error).__name__}: {error}").response(), ""

    def _request(self, body: Body) -> Request:
        said = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(said.path),
            query=parse_qs(said.query, keep_blank_values=True),
            headers=self.headers,
            body=body,
        )

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(response.length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        if response.file is None:
            self.wfile.write(response.content)
        elif response.file.count:
            self._send_file(response.file)

    def _send_file(self, part: FileSlice) -> None:
        with part.path.open("rb") as file:
            if part.count <= _AT_ONCE:
                file.seek(part.offset)
                self.wfile.write(file.read(part.count))
            else:
                self.wfile.flush()
                # The kernel moves the bytes from file to socket (sendfile(2)); only for TLS they pass through Python.
                self.connection.sendfile(file, part.offset, part.count)

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self.close_connection = True
        self._send(Refusal(ErrorCode.UNSUPPORTED, message, status=status).response())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A request that http.server could not read: its page of HTML would be no answer for a client."""
        # Before its first line is understood, a request has no method, and counts as one of 1991 without headers.
        self.command = self.command or "GET"
        self.request_version = self.protocol_version
        self._refuse(HTTPStatus(code), message or explain or HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name for it
        """Nothing: Access values are the log."""


def _drained(body: Body, most: int) -> bool:
    try:
        return drain(body, most)
    except (BrokenBody, OSError):
        return False
