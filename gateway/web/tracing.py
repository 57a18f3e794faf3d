"""Gives each request an id, under which logs, answers and problem documents speak of it."""

from __future__ import annotations

import re
import uuid
from time import perf_counter

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Histogram

from gateway.logging import get_logger
from gateway.web.limiting import STATE
from gateway.web.problems import told_path

HEADER = "X-Request-ID"

log = get_logger(__name__)
SERVED = Histogram(
    "gateway_request_seconds",
    "Requests by route, method and status",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_GIVEN = re.compile(r"[\w.-]{8,64}", re.ASCII)  # nothing that could forge a line of a log


def traced(app: ASGIApp) -> ASGIApp:
    """Everything that an application answers, requests for unknown paths included, under an id and on record.

    The id is the one that a proxy gave, else a new one; one line is logged a request, without its query or body.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = perf_counter(), 0
        request_id = _request_id(scope)
        scope["request_id"] = request_id  # type: ignore[typeddict-unknown-key]  # ours, beside what ASGI knows

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableScopeHeaders.from_message(message)
                headers[HEADER] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")  # no browser or proxy keeps what tells of people
                for name, value in scope["state"].get(STATE, {}).items():
                    headers[name] = value
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await app(scope, receive, answer)
            seconds = perf_counter() - begun
            SERVED.labels(_route(scope), str(scope.get("method")), str(status)).observe(seconds)
            log.info(
                "request",
                method=scope.get("method"),
                path=told_path(scope),
                status=status,
                milliseconds=round(seconds * 1000, 1),
            )

    return serve


def _route(scope: Scope) -> str:
    """The path as declared, for ids in it would make a figure of each; `unknown` is whatever we do not serve."""
    return str(scope.get("path_template") or "unknown")


def _request_id(scope: Scope) -> str:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    return given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
