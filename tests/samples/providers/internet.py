"""An internet of our own: a network namespace in which the providers' names lead to their doubles, over TLS.

    test process                              namespace: nothing but lo, /etc/hosts with all the names
      threads serve 127.0.0.1:443  <--------    pydock, skopeo (`Internet.run`), as they are, with real names

The listening socket is made by a thread that enters the namespace for a moment: it stays there, and so the doubles can
be asked by the test what they heard. Needs root.
"""

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pydock_lab.linux.netlink import loopback_up
from pydock_lab.linux.syscalls import Namespace, setns
from pydock_lab.registry.server.tls import own_certificate
from samples.providers.double import Answer, Double, Request

_REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
_HOLD = 'mount --bind "$0" /etc/hosts && echo ready && exec sleep infinity'


class Internet:
    """Programs run in it by `run`; `authority` is what they are to trust."""

    def __init__(self, pid: int, authority: Path) -> None:
        self._pid, self.authority = pid, authority

    def run(self, words: Sequence[str], *, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """A program, in it."""
        namespaces = [f"--net=/proc/{self._pid}/ns/net", f"--mount=/proc/{self._pid}/ns/mnt"]
        return subprocess.run(
            ["nsenter", *namespaces, "--", *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "SSL_CERT_FILE": str(self.authority), **environment},
        )


@contextmanager
def internet(doubles: Sequence[Double], folder: Path) -> Iterator[Internet]:
    """With these in it."""
    names = [host for double in doubles for host in double.hosts]
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {name}\n" for name in names))
    certificate = own_certificate(folder / "tls", tuple(names))
    words = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", _HOLD, str(hosts)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "ready\n"
            with _serving(doubles, holder.pid, certificate.context()):
                assert certificate.authority is not None
                yield Internet(holder.pid, certificate.authority)
        finally:
            holder.kill()


@contextmanager
def _serving(doubles: Sequence[Double], pid: int, context: ssl.SSLContext) -> Iterator[None]:
    made: list[_Server] = []

    def enter() -> None:
        with open(f"/proc/{pid}/ns/net", "rb") as namespace:
            setns(namespace.fileno(), Namespace.NET)
        loopback_up()
        made.append(_Server(doubles, context))

    maker = threading.Thread(target=enter)
    maker.start()
    maker.join()
    (server,) = made
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, doubles: Sequence[Double], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 443), _Handler)
        self.doubles = {host: double for double in doubles for host in double.hosts}
        self.context = context

    def server_bind(self) -> None:
        # Not the base class's, which asks what the host is called, of a network that knows no names.
        self.socket.setsockopt(*_REUSE)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", 443

    def finish_request(self, request: object, client_address: object) -> None:
        """In the thread of the connection: a client that does not trust us holds up nobody else."""
        try:
            secure = self.context.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
        except (ssl.SSLError, OSError):
            return
        with secure:
            super().finish_request(secure, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def _serve(self) -> None:
        assert isinstance(self.server, _Server)
        host = self.headers.get("Host", "").partition(":")[0]
        double = self.server.doubles.get(host)
        request = self._request(host)
        answer = double.answer(request) if double else Answer(status=421)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _request(self, host: str) -> Request:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        return Request(
            method=self.command,
            host=host,
            path=unquote(parts.path),
            query={name: values[-1] for name, values in query.items()},
            scopes=tuple(query.get("scope", ())),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def log_message(self, *_: object) -> None:
        """Silence."""
