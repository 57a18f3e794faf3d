"""The page at `/docs`: the API's description, each call to be tried.

Its script comes from elsewhere and runs where our staff are signed in. So it is one version, and browsers refuse any
other bytes (W3C, Subresource Integrity); nothing else is fetched from elsewhere.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

SCRIPT = "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.72.1/dist/browser/standalone.js"
# of that file in the npm package: openssl dgst -sha384 -binary standalone.js | base64
INTEGRITY = "sha384-U11tb2XnKvmwt8RlTvnwUnYgrN+ur4Xyh9htLhjajWNR/Oyl5AX5DEz00qRmlrmK"

_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <title>{title}</title>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <noscript>This page needs JavaScript; the description itself is at {url}.</noscript>
    <script id="api-reference" data-url="{url}"></script>
    <script src="{script}" integrity="{integrity}" crossorigin="anonymous"></script>
  </body>
</html>
"""


class Reference(OpenAPIRenderPlugin):
    """Renders the page."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page of one description."""
        title, url = openapi_schema["info"]["title"], self.get_openapi_json_route(request)
        return _PAGE.format(title=title, url=url, script=SCRIPT, integrity=INTEGRITY).encode()
