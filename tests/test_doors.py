"""Doors translate and do no more: queries and the audit log are their use cases' affair (`gateway.domain`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOORS = sorted(
    str(path.relative_to(ROOT)) for door in ("gateway/web", "gateway/cli") for path in (ROOT / door).rglob("*.py")
)
AUDIT = "gateway.domain.audit"
NOTING = {"record", "seen", "write"}  # what puts an act on record
ASKING = {"execute", "get_one", "scalar", "scalars", "stream_scalars"}  # what a session is asked by
TYPES = {("sqlalchemy.orm", "Session")}  # may be named, to be handed on


def faults(source: str) -> list[str]:
    """What a door does that is not its affair, each with its line."""
    nodes = list(ast.walk(ast.parse(source)))
    audits = _audits(nodes)
    return [f"{node.lineno}: {told}" for node in nodes for told in _faults(node, audits)]


def _audits(nodes: list[ast.AST]) -> set[str]:
    """By which names a module calls the audit log."""
    within = [(f"{node.module}.", node) for node in nodes if isinstance(node, ast.ImportFrom)]
    imports = [*within, *(("", node) for node in nodes if isinstance(node, ast.Import))]
    return {one.asname or one.name for where, node in imports for one in node.names if where + one.name == AUDIT}


def _faults(node: ast.AST, audits: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"imports {one.name}" for one in node.names if _is_sql(one.name))
    elif isinstance(node, ast.ImportFrom):
        yield from (f"imports {one.name}" for one in node.names if _is_foreign(node.module or "", one.name))
    elif isinstance(node, ast.Attribute) and node.attr in NOTING and ast.unparse(node.value) in audits:
        yield f"puts on record: {ast.unparse(node)}"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING:
        yield f"asks the database: {ast.unparse(node.func)}"


def _is_foreign(module: str, name: str) -> bool:
    return (_is_sql(module) and (module, name) not in TYPES) or (module == AUDIT and name in NOTING)


def _is_sql(module: str) -> bool:
    return module.partition(".")[0] == "sqlalchemy"


@pytest.mark.parametrize("door", DOORS)
def test_a_door_neither_asks_the_database_nor_puts_on_record(door):
    assert faults((ROOT / door).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import select",
        "from sqlalchemy.orm import selectinload",
        "import sqlalchemy as sa",
        "from gateway.domain.audit import Change, write",
        "from gateway.domain import audit\naudit.record(acting, 'client.view')",
        "from gateway.domain import audit as log\nlog.seen(acting, 'client.list', [])",
        "import gateway.domain.audit\ngateway.domain.audit.write(session)",
        "import gateway.domain.audit as log\nnote = log.write",
        "found = acting.session.scalars(clients.listed())",
        "session.get_one(Client, key)",
    ],
)
def test_what_is_not_a_doors_affair_is_found(source):
    assert len(faults(source)) == 1


def test_what_a_door_may_do_passes():
    source = (
        "from sqlalchemy.orm import Session\nfrom gateway.domain import audit\nfrom gateway.domain.audit import Change\n"
        "audit.look_through(acting, audit.Wanted(), paging)\nlog.write('x')\nrecord(file)"
    )
    assert faults(source) == []
