"""Makes a request that creates something safe to send again: the same `Idempotency-Key` brings the same answer.

As draft-ietf-httpapi-idempotency-key-header has it. The answer is kept in the transaction that creates the thing, so
there is never one without the other, whatever dies in between; for a day, and encrypted, since it may show a person or
a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from litestar import Response
from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.db.models import ANSWERS_KEPT, IdempotencyKey
from gateway.web.calls import Call
from gateway.web.problems import Rejected

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

T = TypeVar("T")
_COLUMN = "idempotency_keys.body"  # what the encryption of an answer is bound to
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
    if call.idempotency_key is not None:  # of two at once, the other finds what the first made
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_name(call), 0))))
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
    session.execute(delete(IdempotencyKey).where(_mine(call), IdempotencyKey.created_at < clock.now() - ANSWERS_KEPT))
    kept = session.scalar(select(IdempotencyKey).where(_mine(call)))
    if kept is None:
        return None
    cipher = call.office.cipher(session, call.who.firm_id)
    if kept.fingerprint != _fingerprint(cipher, call, data):
        raise Rejected(
            422, "idempotency_key_reused", f"This {HEADER} came with another request before; take a new one for each."
        )
    body = msgspec.Raw(cipher.decrypt(kept.body, _COLUMN).encode())
    return Response(body, status_code=kept.status, headers={**kept.headers, REPLAYED: "true"})


def keep(session: Session, call: Call, data: object, answer: Response[Any]) -> None:
    """Keep an answer under the caller's key.

    Raises:
        Rejected: 409 `in_flight`, another request with this key was faster; this one must leave nothing behind.
    """
    if call.idempotency_key is None:
        return
    cipher = call.office.cipher(session, call.who.firm_id)
    [body] = cipher.encrypt_column([msgspec.json.encode(answer.content).decode()], _COLUMN)
    kept = insert(IdempotencyKey).values(
        firm_id=call.who.firm_id,
        caller_id=call.who.id,
        key=call.idempotency_key,
        fingerprint=_fingerprint(cipher, call, data),
        status=answer.status_code or 201,
        headers={name: str(value) for name, value in answer.headers.items()},
        body=body,
    )
    if session.execute(kept.on_conflict_do_nothing().returning(IdempotencyKey.key)).first() is None:
        raise Rejected(409, "in_flight", f"Another request with this {HEADER} was faster; send it again.")


def _name(call: Call) -> str:
    return f"{call.who.id}/{call.idempotency_key}"


def _mine(call: Call) -> ColumnElement[bool]:
    return and_(IdempotencyKey.caller_id == call.who.id, IdempotencyKey.key == call.idempotency_key)


def _fingerprint(cipher: FirmCipher, call: Call, data: object) -> bytes | None:
    """Keyed, so that nobody who reads the table can try what was asked for."""
    [found] = cipher.index_column([msgspec.json.encode((call.route, data)).decode()], "idempotency_keys.fingerprint")
    return found
