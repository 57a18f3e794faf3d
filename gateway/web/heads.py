"""HEAD of the console's pages: what a GET would answer, without its body (RFC 9110, 9.3.2).

It is served as the GET that it asks about, so that no page has to name it, and is on record as one: status and length
tell whether somebody is there and how long a list is, which nobody shall find out without a trace. What a page says but
once, that something was done, still waits for whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send


def headed(app: ASGIApp, is_page: Callable[[str], bool], once: str) -> ASGIApp:
    """An application that answers HEAD where it answers GET with a page.

    Args:
        app: the application.
        is_page: whether a path is one of a page.
        once: the cookie that a page shows and deletes.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = cast("HTTPScope", scope)
        if scope["type"] != ScopeType.HTTP or request["method"] != "HEAD" or not is_page(scope["path"]):
            await app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            request["method"] = "HEAD"  # the server leaves a body out by it, and the log names it
            if message["type"] == "http.response.start":
                message["headers"] = [one for one in message["headers"] if not _deletes(one, once)]
            await send(message)

        request["method"] = "GET"
        try:
            await app(scope, receive, answer)
        finally:
            request["method"] = "HEAD"

    return serve


def _deletes(header: tuple[bytes, bytes], cookie: str) -> bool:
    name, value = header
    return name.lower() == b"set-cookie" and value.startswith(f"{cookie}=".encode())
