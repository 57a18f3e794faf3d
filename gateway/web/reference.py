"""The page at `/docs`: the API's description, each call to be tried; all of it served by ourselves.

It runs where our staff are signed in, so nothing on it may come from elsewhere, or be written into the page: browsers
are told so (`POLICY`). Script and style are those of Swagger UI, out of a package that carries its files as they are.
"""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import ResponseHeader
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.params import FromPath

from gateway.web.calls import OPEN
from gateway.web.problems import Rejected

# its icons stand in the style sheet as data
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)
FOREVER = "public, max-age=31536000, immutable"  # the address of a file has a digest of all of them in it

_DESCRIPTION = "/v1/openapi.json"
_SCRIPT, _STYLE, _START = "swagger-ui-bundle.js", "swagger-ui.css", "start.js"
_TYPES = {_SCRIPT: "text/javascript", _STYLE: "text/css", _START: "text/javascript"}

_STARTING = f"""SwaggerUIBundle({{
  url: {_DESCRIPTION!r},
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "none",
  tagsSorter: "alpha",
  validatorUrl: null,
}});
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <title>{title}</title>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="{folder}/{style}">
  </head>
  <body>
    <noscript>This page needs JavaScript; the description itself is at {url}.</noscript>
    <div id="reference"></div>
    <script src="{folder}/{script}"></script>
    <script src="{folder}/{start}"></script>
  </body>
</html>
"""


class Reference(OpenAPIRenderPlugin):
    """Renders the page."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """The page of one description."""
        folder = f"/docs/files/{_digest()}"
        page = _PAGE.format(
            title=openapi_schema["info"]["title"],
            url=_DESCRIPTION,
            folder=folder,
            style=_STYLE,
            script=_SCRIPT,
            start=_START,
        )
        return page.encode()


@get("/files/{digest:str}/{name:str}", sync_to_thread=True, **OPEN)
def give_file(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Give one of the page's files; 404 for those of another release."""
    if name not in _TYPES or digest != _digest():
        raise Rejected(404, "not_found", "There is nothing at this address.")
    return Response(_files()[name], media_type=_TYPES[name], headers={"Cache-Control": FOREVER})


def reference_router() -> Router:
    """Where the page is, and its files."""
    policy = ResponseHeader(name="Content-Security-Policy", value=POLICY)
    return Router("/docs", route_handlers=[give_file], response_headers=[policy], include_in_schema=False)


@functools.cache
def _files() -> dict[str, bytes]:
    """By their names; the package itself is not imported, for that takes its framework."""
    folder = Path(str(distribution("flask-swagger-ui").locate_file("flask_swagger_ui/dist")))
    return {name: (folder / name).read_bytes() for name in (_SCRIPT, _STYLE)} | {_START: _STARTING.encode()}


@functools.cache
def _digest() -> str:
    return hashlib.sha256(b"".join(_files().values())).hexdigest()[:16]
