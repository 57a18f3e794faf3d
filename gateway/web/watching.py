"""Gives each request an id, a span, a line in the log and a place in the figures."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from time import perf_counter

from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from gateway.logging import about, get_logger
from gateway.metrics import REQUESTS
from gateway.tracing import span
from gateway.web.auth.cookies import STATE as COOKIES
from gateway.web.bulkheads import DONE
from gateway.web.limiting import STATE
from gateway.web.problems import told_path

HEADER = "X-Request-ID"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
YEAR = 365 * 24 * 60 * 60

log = get_logger(__name__)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_GIVEN = re.compile(r"[\w.-]{8,64}", re.ASCII)  # nothing that could forge a line of a log


def watched(app: ASGIApp) -> ASGIApp:
    """Everything that an application answers, requests for unknown paths included, under an id and on record.

    The id is the one that a proxy gave, else a new one; one line is logged a request, without its query or body.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = perf_counter(), 0
        done = scope["state"][DONE] = ExitStack()
        request_id = _request_id(scope)
        scope["request_id"] = request_id  # type: ignore[typeddict-unknown-key]  # ours, beside what ASGI knows

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableScopeHeaders.from_message(message)
                headers[HEADER] = request_id
                for name, value in _guarding(scope):
                    headers.setdefault(name, value)
                for name, value in scope["state"].get(STATE, {}).items():
                    headers[name] = value
                given = {one.partition("=")[0] for one in headers.getall("set-cookie", [])}
                for cookie in scope["state"].get(COOKIES, ()):
                    if cookie.key not in given:  # signing out has the last word
                        headers.add("Set-Cookie", cookie.to_header(header=""))
            await send(message)

        with about(request_id=request_id), span("request", request_id=request_id) as told:
            with done:
                await app(scope, receive, answer)
            seconds = perf_counter() - begun
            route, method = _route(scope), _method(scope)
            REQUESTS.observe(seconds, route, method, str(status))
            failed = str(status) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
            told.tell(f"{method} {route}", method=method, route=route, status=status, failed=failed)
            log.info(
                "request",
                method=scope.get("method"),
                path=told_path(scope),
                status=status,
                milliseconds=round(seconds * 1000, 1),
            )

    return serve


def _guarding(scope: Scope) -> Iterator[tuple[str, str]]:
    """What browsers and proxies must know of an answer, unless its route says otherwise.

    None of ours is to be shown in a frame, or to load anything; whoever came by https comes by https alone.
    """
    yield "Content-Security-Policy", NOTHING
    yield "X-Frame-Options", "DENY"  # for browsers that know no frame-ancestors
    yield "X-Content-Type-Options", "nosniff"
    yield "Referrer-Policy", "no-referrer"  # addresses have ids in them
    yield "Cache-Control", "no-store"  # no browser or proxy keeps what tells of people
    if scope.get("scheme") == "https":  # as a trusted proxy says
        yield "Strict-Transport-Security", f"max-age={YEAR}"


def _route(scope: Scope) -> str:
    """The path as declared, for ids in it would make a figure of each; `unknown` is whatever we do not serve."""
    return str(scope.get("path_template") or "unknown")


def _method(scope: Scope) -> str:
    method = str(scope.get("method"))
    return method if method in _METHODS else "other"


def _request_id(scope: Scope) -> str:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    return given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
