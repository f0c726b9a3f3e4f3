"""A small web application: it counts its visits in a file, and says which container it is."""

import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

COUNT = Path("/app/data/visits")


class Page(BaseHTTPRequestHandler):
    """One page."""

    def do_GET(self) -> None:
        """Count, and answer."""
        visits = int(COUNT.read_text()) + 1 if COUNT.exists() else 1
        COUNT.write_text(str(visits))
        page = f"Visit {visits}, served by container {socket.gethostname()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


HTTPServer(("", int(os.environ["PORT"])), Page).serve_forever()
