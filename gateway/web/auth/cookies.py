"""The console's cookies: the token, out of reach of scripts, and the CSRF token, which scripts must repeat.

Under the prefix `__Host-` no neighbouring host can set them (RFC 6265bis, 4.1.3.2); it needs https, so the plain ones
of development go without.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from gateway import clock
from gateway.domain.access.sessions import IDLE, Live
from gateway.settings import Settings

CSRF_HEADER = "X-CSRF-Token"
STATE = "renewed_cookies"  # where in the scope they wait for the answer


def token_cookie(settings: Settings) -> str:
    """The name of the cookie that holds the token."""
    return _named("gateway_session", settings)


def csrf_cookie(settings: Settings) -> str:
    """The name of the cookie that holds the CSRF token."""
    return _named("gateway_csrf", settings)


def given_token(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings) -> str | None:
    """The token that came as a cookie."""
    return connection.cookies.get(token_cookie(settings))


def signed_in(settings: Settings, token: str, csrf_token: str) -> list[Cookie]:
    """The cookies of a new session."""
    seconds = int(IDLE.total_seconds())
    return [
        _cookie(token_cookie(settings), token, seconds, settings, hidden=True),
        _cookie(csrf_cookie(settings), csrf_token, seconds, settings, hidden=False),
    ]


def renew(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings, live: Live, until: datetime) -> None:
    """Have the cookies that came with a request last as long as their session does now."""
    seconds = round((until - clock.now()).total_seconds())
    given = connection.cookies
    token, csrf = token_cookie(settings), csrf_cookie(settings)
    renewed = [_cookie(token, given[token], seconds, settings, hidden=True)]
    if live.is_bound_to(given.get(csrf, "")):
        renewed.append(_cookie(csrf, given[csrf], seconds, settings, hidden=False))
    connection.scope["state"][STATE] = renewed


def signed_out(settings: Settings) -> list[Cookie]:
    """What makes a browser forget them."""
    return [
        _cookie(token_cookie(settings), "", 0, settings, hidden=True),
        _cookie(csrf_cookie(settings), "", 0, settings, hidden=False),
    ]


def _named(name: str, settings: Settings) -> str:
    return f"__Host-{name}" if settings.cookies == "secure" else name


def _cookie(name: str, value: str, seconds: int, settings: Settings, *, hidden: bool) -> Cookie:
    secure = True if settings.cookies == "secure" else None
    return Cookie(name, value=value, max_age=seconds, path="/", secure=secure, httponly=hidden or None, samesite="lax")
