"""Writes docs/permissions.md from the table of permissions and the list of routes: `python tests/helpers/permissions_page.py`."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from gateway.domain.access.permissions import ANY, PERMISSIONS, SCOPES
from gateway.settings import load
from gateway.web.app import create_app, routes_of

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
ROLES = ("viewer", "paralegal", "attorney", "admin")

HEAD = """# Who may do what

Staff hold permissions by their role, partners by the scopes of their credential. The table is
`gateway/domain/access/permissions.py`; this page is written from it by `python tests/helpers/permissions_page.py`, and a test compares
the two, and what the server does with both.

Whoever brings no good proof gets 401, whoever lacks the permission 403. What belongs to another firm, or behind an
ethical wall, is 404, whatever the permission.

"""


def page() -> str:
    """The whole page."""
    return HEAD + _permissions() + _scopes() + _open_routes()


def _permissions() -> str:
    routes = _routes()
    lines = [
        f"| permission | {' | '.join(ROLES)} | partner, by scope | routes |",
        f"|---|{':-:|' * len(ROLES)}---|---|",
    ]
    for name, allowed in PERMISSIONS.items():
        ticks = ["yes" if role in allowed.roles else "" for role in ROLES]
        scope = {None: "", ANY: "any credential"}.get(allowed.scope, f"`{allowed.scope}`")
        lines.append(f"| `{name}` | {' | '.join(ticks)} | {scope} | {'<br>'.join(routes[name])} |")
    return "\n".join(lines) + "\n"


def _scopes() -> str:
    return "\n## Scopes\n\n" + "".join(f"- `{scope}`: {meaning}\n" for scope, meaning in SCOPES.items())


def _open_routes() -> str:
    return "\n## Open to anybody\n\n" + "".join(f"- {route}\n" for route in _routes()[""])


def _routes() -> dict[str, list[str]]:
    found = defaultdict(list)
    for path, method, handler in sorted(routes_of(create_app(load({}))), key=lambda one: one[:2]):
        shown = re.sub(r":\w+}", "}", path)
        found[handler.opt.get("may", "")].append(f"`{method} {shown}`")
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
