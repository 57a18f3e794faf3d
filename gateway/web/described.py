"""The application's description of itself, made when somebody first asks for it.

Making it takes a second, two thirds of what an application takes to start; a process that is started again because it
died has none to spare, and most never are asked.
"""

from __future__ import annotations

import threading

from litestar import Litestar
from litestar.openapi.spec import OpenAPI

from gateway.web.examples import illustrate

_making = threading.Lock()


class Described(Litestar):
    """An application whose OpenAPI document has an example of every call."""

    _description: OpenAPI | None = None

    @property
    def openapi_schema(self) -> OpenAPI:
        """The document, as `/v1/openapi.json` gives it; whoever asks while it is made waits."""
        with _making:
            if self._description is None:
                made = super().openapi_schema
                illustrate(made)
                self._description = made
            return self._description
