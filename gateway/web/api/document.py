"""The OpenAPI document; `/docs` shows it as a page on which every call can be tried."""

from __future__ import annotations

from typing import Any

from litestar import Request, get

from gateway.web.calls import OPEN


@get("/v1/openapi.json", sync_to_thread=True, include_in_schema=False, **OPEN)
def describe(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Give the description of this API, OpenAPI 3.1."""
    return request.app.openapi_schema.to_schema()
