"""The functions in the database: a file each, with all that there is to say of one, put in place after the revisions.

No revision reads these files, for they are of today: on the way up from an old database, a function of today would meet
columns that are not there yet. Whoever edits a file adds a revision that says so, with the fingerprint of the text:
`functions = {"sign_in": "0123456789ab"}`. Where a file went it says None, and drops the function, IF EXISTS.

What a revision itself calls, or hangs a policy, a trigger or a default on, it creates as of its own day; and what reads
a column that it takes away, it drops. All is one transaction, so nobody meets the database in between.
"""

from __future__ import annotations

import hashlib
import itertools
from graphlib import TopologicalSorter
from pathlib import Path

from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """All functions, and each after those that it calls: SQL bodies are bound to what they call when they are made."""
    texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.sql"))}
    calls = {one: [other for other in texts if other != one and f"{other}(" in texts[one]] for one in texts}
    return list(TopologicalSorter(calls).static_order())


def definition(name: str) -> str:
    """The statements of a function's file: what it is, what is said of it, who may call it."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def fingerprint(statements: str) -> str:
    """By which a revision knows a text; without the comment that opens a file, which is not in the database."""
    lines = itertools.dropwhile(lambda line: line.startswith("--"), statements.splitlines())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def install(connection: Connection) -> None:
    """Make the database's functions those of the files, as the owner, in the caller's transaction.

    What is there is replaced and keeps its identity, so defaults, policies and triggers stay. What cannot be replaced,
    because its arguments or its result are others, is dropped first, which fails where something hangs on it.
    """
    for name in names():
        try:
            with connection.begin_nested():
                _run(connection, definition(name))
        except ProgrammingError as error:
            if not isinstance(error.orig, (errors.InvalidFunctionDefinition, errors.AmbiguousFunction)):
                raise
            _drop(connection, name)
            _run(connection, definition(name))


def _run(connection: Connection, statements: str) -> None:
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})  # a % in them means itself


def _drop(connection: Connection, name: str) -> None:
    """Drop whatever goes by the name: a file owns its name, so calls never have two functions to choose from."""
    known = (
        "SELECT oid::regprocedure::text FROM pg_proc WHERE proname = :name AND pronamespace = 'public'::regnamespace"
    )
    for signature in connection.scalars(text(known), {"name": name}).all():
        _run(connection, f"DROP FUNCTION {signature}")
