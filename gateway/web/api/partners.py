"""Partners."""

from __future__ import annotations

from litestar import Router

router = Router("/partners", route_handlers=[])
