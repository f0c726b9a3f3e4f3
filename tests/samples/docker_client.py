"""Docker's own client, asked what it would print: an engine of made-up documents answers it, on a socket of its own.

The client does by itself what this project does too: templates, tables, headings, units. So whatever it prints of our
documents is what we have to print.
"""

import json
import os
import socketserver
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

VERSION = "1.50"  # of the API, which client 28.2.2 speaks


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    documents = None  # by path below the version, with its query or for all queries: JSON
    asked = None  # paths, with their queries


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        path = self.path.removeprefix(f"/v{VERSION}").lstrip("/")
        self.server.asked.append(path)
        found = self.server.documents.get(path, self.server.documents.get(path.partition("?")[0]))
        self.reply(200, found) if found is not None else self.reply(404, {"message": f"no such thing: {path}"})

    do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815 - the library's names

    def reply(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in (("Api-Version", VERSION), ("Ostype", "linux"), ("Content-Type", "application/json")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class DockerClient:
    """`client("ps", "-a")`: exit status and standard output, of an engine that has these documents."""

    def __init__(self, program: str, folder: Path, documents: dict) -> None:
        self.program, self.folder = program, folder
        self.server = Server(str(folder / "socket"), Handler)
        self.server.documents, self.server.asked = {"_ping": "OK", **documents}, []
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def __call__(self, *words: str) -> tuple[int, str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DOCKER_CONFIG": str(self.folder)}
        command = [self.program, "-H", f"unix://{self.folder}/socket", *words]
        done = subprocess.run(command, capture_output=True, env=environment | {"TZ": "UTC"}, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def each(self, commands):
        """The answers to many commands."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda words: self(*words), commands))

    def configure(self, settings: dict) -> None:
        """Write the client's config.json."""
        (self.folder / "config.json").write_text(json.dumps(settings))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
