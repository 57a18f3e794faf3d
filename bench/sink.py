"""A partner's address over HTTPS that takes whatever is posted: the same for the gateway and for a bare client."""

from __future__ import annotations

import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Taking(BaseHTTPRequestHandler):
    """Reads a message and says that it was taken."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Nothing is kept."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """It says nothing."""


def main(port: int, certificate: str, key: str) -> None:
    """Serve until killed."""
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trusted.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", port), Taking)
    server.socket = trusted.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
