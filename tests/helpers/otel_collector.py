"""A collector of OpenTelemetry on loopback, which keeps the spans that arrive."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Arrived(NamedTuple):
    """A span as it came over the wire; the last one is all of it, as text."""

    name: str
    role: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]
    whole: str


class Collector(ThreadingHTTPServer):
    """Takes spans at `url`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.spans: list[Arrived] = []

    def one(self, name: str) -> Arrived:
        [found] = [each for each in self.spans if each.name == name]
        return found


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in told.resource_spans:
            about = _attributes(resource.resource.attributes)
            assert about["service.name"] == "gateway"
            spans = [span for scope in resource.scope_spans for span in scope.spans]
            self.server.spans += [_arrived(span, about["gateway.role"]) for span in spans]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(ExportTraceServiceResponse().SerializeToString())

    def log_message(self, *_: object) -> None:
        """Tests read their own output."""


def _arrived(span: Any, role: str) -> Arrived:
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Arrived(span.name, role, *ids, span.status.code == 2, _attributes(span.attributes), str(span))


def _attributes(told: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in told}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that runs meanwhile."""
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, args=[0.01])
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()
