"""Writes docs/permissions.md from the table of permissions and the list of routes: `python tests/helpers/permissions_page.py`."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from gateway.domain.access.permissions import ANY, PERMISSIONS, SCOPES
from gateway.settings import load
from gateway.web.app import create_app, routes_of
from gateway.web.console import is_page

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
    return HEAD + _permissions() + _pages() + _by_link() + _scopes() + _open_routes()


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


def _pages() -> str:
    """The console's, which take the permissions of the calls behind them, and nobody but staff."""
    lines = [
        f"- {_shown(path, method)}: `{handler.opt['may']}`\n"
        for path, method, handler in _all()
        if is_page(handler) and "may" in handler.opt and not handler.opt.get("by_link")
    ]
    return "\n## Pages of the console, for staff alone\n\n" + "".join(lines)


def _by_link() -> str:
    """What whoever opened a link to rejected rows may do, with the rows of that one file."""
    lines = [f"- {_shown(path, method)}\n" for path, method, handler in _all() if handler.opt.get("by_link")]
    return "\n## Behind a link to rejected rows, for whoever opened it\n\n" + "".join(lines)


def _scopes() -> str:
    return "\n## Scopes\n\n" + "".join(f"- `{scope}`: {meaning}\n" for scope, meaning in SCOPES.items())


def _open_routes() -> str:
    return "\n## Open to anybody\n\n" + "".join(f"- {route}\n" for route in _routes()[""])


def _routes() -> dict[str, list[str]]:
    found = defaultdict(list)
    for path, method, handler in _all():
        if not is_page(handler) or "may" not in handler.opt:
            found[handler.opt.get("may", "")].append(_shown(path, method))
    return found


def _all():
    return sorted(routes_of(create_app(load({}))), key=lambda one: one[:2])


def _shown(path: str, method: str) -> str:
    shown = re.sub(r":\w+}", "}", path)
    return f"`{method} {shown}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
