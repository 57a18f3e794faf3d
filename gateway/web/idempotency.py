"""Makes a request that creates something safe to send again: the same `Idempotency-Key` brings the same answer.

As draft-ietf-httpapi-idempotency-key-header has it. The answer is kept in the transaction that creates the thing, so
there is never one without the other, whatever dies in between.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from litestar import Response
from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import IdempotencyKey
from gateway.web.calls import Call
from gateway.web.problems import Rejected

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(days=1)

T = TypeVar("T")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def once(session: Session, call: Call, data: object, make: Callable[[], Response[T]]) -> Response[Any]:
    """What `make` answers, or what it answered when the caller sent this key before.

    Args:
        session: the transaction in which `make` creates.
        call: the request; without a key, every request creates.
        data: what was asked for, as decoded.
        make: creates, and answers.

    Raises:
        Rejected: as `earlier` and `keep`.
    """
    if (kept := earlier(session, call, data)) is not None:
        return kept
    answer = make()
    session.flush()
    keep(session, call, data, answer)
    return answer


def earlier(session: Session, call: Call, data: object) -> Response[Any] | None:
    """The answer that this key brought before; None where it is new, or none was given.

    Raises:
        Rejected: 400 `bad_idempotency_key`; 422 `idempotency_key_reused`, for another request.
    """
    if call.idempotency_key is None:
        return None
    if not _KEY.fullmatch(call.idempotency_key):
        raise Rejected(400, "bad_idempotency_key", f"{HEADER} is 1 to 255 visible ASCII characters.")
    session.execute(delete(IdempotencyKey).where(_mine(call), IdempotencyKey.created_at < clock.now() - KEPT))
    kept = session.scalar(select(IdempotencyKey).where(_mine(call)))
    if kept is None:
        return None
    if kept.fingerprint != _fingerprint(call, data):
        raise Rejected(
            422, "idempotency_key_reused", f"This {HEADER} came with another request before; take a new one for each."
        )
    return Response(msgspec.Raw(kept.body), status_code=kept.status, headers={**kept.headers, REPLAYED: "true"})


def keep(session: Session, call: Call, data: object, answer: Response[Any]) -> None:
    """Keep an answer under the caller's key.

    Raises:
        Rejected: 409 `in_flight`, another request with this key was faster; this one must leave nothing behind.
    """
    if call.idempotency_key is None:
        return
    kept = insert(IdempotencyKey).values(
        firm_id=call.who.firm_id,
        caller_id=call.who.id,
        key=call.idempotency_key,
        fingerprint=_fingerprint(call, data),
        status=answer.status_code or 201,
        headers={name: str(value) for name, value in answer.headers.items()},
        body=msgspec.json.encode(answer.content),
    )
    if session.execute(kept.on_conflict_do_nothing().returning(IdempotencyKey.key)).first() is None:
        raise Rejected(409, "in_flight", f"Another request with this {HEADER} was faster; send it again.")


def _mine(call: Call) -> ColumnElement[bool]:
    return and_(IdempotencyKey.caller_id == call.who.id, IdempotencyKey.key == call.idempotency_key)


def _fingerprint(call: Call, data: object) -> bytes:
    return hashlib.sha256(msgspec.json.encode((call.route, data))).digest()
