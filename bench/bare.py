"""The floor of real-time checks and of short links: the same look-ups in handlers that do nothing else."""

from __future__ import annotations

import os
import queue
import sys
from datetime import date
from uuid import UUID

import psycopg
import uvicorn
from litestar import Litestar, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

_CONNECTIONS = 10
_FIRM, _PARTNER = UUID(os.environ["BENCH_FIRM"]), UUID(os.environ["BENCH_PARTNER"])
_LOOK_UP = """
SELECT c.id, c.enrollment_status, c.program, c.eligibility_start_date, c.eligibility_end_date FROM clients c
WHERE c.firm_id = %s AND c.partner_id = %s AND c.key = %s AND c.date_of_birth = %s AND c.status = 'active'
"""
_TARGET = (
    "SELECT target FROM short_links WHERE code = %s AND disabled_at IS NULL AND coalesce(expires_at > now(), true)"
)
_pool: queue.SimpleQueue[psycopg.Connection] = queue.SimpleQueue()


class Question(Struct):
    """Whom it is about."""

    employee_id: str
    date_of_birth: date


class Answer(Struct):
    """Whether there is such a person."""

    eligible: bool


@post("/v1/eligibility/check", sync_to_thread=True, status_code=200)
def check(data: JSONBody[Question]) -> Answer:
    """As a superuser, for whom there is no row-level security."""
    connection = _pool.get()
    try:
        with connection.pipeline(), connection.cursor() as cursor:
            connection.execute("BEGIN")
            found = cursor.execute(_LOOK_UP, (_FIRM, _PARTNER, data.employee_id, data.date_of_birth)).fetchone()
            connection.execute("COMMIT")
    finally:
        _pool.put(connection)
    return Answer(found is not None)


@get("/l/{code:str}", sync_to_thread=True)
def follow(code: FromPath[str]) -> Response[None]:
    """Where a short link leads, likewise."""
    connection = _pool.get()
    try:
        found = connection.execute(_TARGET, (code,)).fetchone()
    finally:
        _pool.put(connection)
    if found is None:
        return Response(None, status_code=404)
    return Response(None, status_code=302, headers={"Location": found[0]})


def main(url: str, port: int) -> None:
    """Serve until killed."""
    for _ in range(_CONNECTIONS):
        _pool.put(psycopg.connect(url, autocommit=True))
    uvicorn.run(
        Litestar([check, follow], openapi_config=None, logging_config=None),
        port=port,
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
