"""Whether a request comes from a page of ours: browsers send cookies along with what foreign pages have them do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from gateway.web.problems import Rejected

_OURS = frozenset({"same-origin", "none"})  # "none": the person did it, and no page (Fetch Metadata, 2.3)


def refuse_foreign(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse what another site's page has a browser send.

    The order is that of Go's `CrossOriginProtection`: what the browser says of the request, else the origin of the page
    beside the host that was asked. Whoever sends neither is no browser, and nobody can make it send our cookies.

    Raises:
        Rejected: 403 `csrf`.
    """
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    if site in _OURS or (site is None and (origin is None or _is_here(connection, origin))):
        return
    raise Rejected(403, "csrf", "This was sent from another site's page, and nothing was done. Do it here.")


def _is_here(connection: ASGIConnection[Any, Any, Any, Any], origin: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower() != ""
    except ValueError:
        return False
