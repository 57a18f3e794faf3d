"""Answers kept for whoever sends a request again under its key.

They are kept in the transaction that does what was asked for, so there is never one without the other, whatever dies in
between; for a day, and encrypted, since they may show a person or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from gateway import clock
from gateway.db.models import ANSWERS_KEPT, IdempotencyKey
from gateway.errors import Conflict, Invalid
from gateway.office import Acting

_COLUMN = "idempotency_keys.body"  # what the encryption of an answer is bound to


class Answer(NamedTuple):
    """What somebody was answered.

    Attributes:
        body: JSON.
        about: ids of what it shows, by which whoever erases a person finds it.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    about: Sequence[UUID] = ()


def take_turn(acting: Acting, key: str) -> None:
    """Wait until no other request of the caller's is at this key: of two at once, one finds what the other made."""
    name = f"{acting.actor.id}/{key}"
    acting.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def find(acting: Acting, key: str, asked: str) -> Answer | None:
    """What the caller was answered under this key; None where it is new.

    Args:
        acting: the caller; keys are everybody's own.
        key: by which the caller names the request.
        asked: the request itself.

    Raises:
        Invalid: `idempotency_key_reused`, for another request.
    """
    mine = _of(acting, key)
    acting.session.execute(delete(IdempotencyKey).where(mine, IdempotencyKey.created_at < clock.now() - ANSWERS_KEPT))
    kept = acting.session.scalar(select(IdempotencyKey).where(mine))
    if kept is None:
        return None
    if kept.fingerprint != _fingerprint(acting, asked):
        raise Invalid(
            "idempotency_key_reused",
            "This Idempotency-Key came with another request before; take a new one for each.",
        )
    return Answer(kept.status, kept.headers, acting.cipher.decrypt(kept.body, _COLUMN))


def keep(acting: Acting, key: str, asked: str, answer: Answer) -> None:
    """Keep what the caller is answered.

    Raises:
        Conflict: `in_flight`, another request with this key was faster; this one must leave nothing behind.
    """
    [body] = acting.cipher.encrypt_column([answer.body], _COLUMN)
    kept = insert(IdempotencyKey).values(
        firm_id=acting.firm_id,
        caller_id=acting.actor.id,
        key=key,
        fingerprint=_fingerprint(acting, asked),
        status=answer.status,
        headers=dict(answer.headers),
        body=body,
        about=list(answer.about),
    )
    if acting.session.execute(kept.on_conflict_do_nothing().returning(IdempotencyKey.key)).first() is None:
        raise Conflict("in_flight", "Another request with this Idempotency-Key was faster; send it again.")


def forget(acting: Acting, caller_id: UUID) -> None:
    """Forget what was answered to somebody."""
    acting.session.execute(delete(IdempotencyKey).where(IdempotencyKey.caller_id == caller_id))


def _of(acting: Acting, key: str) -> ColumnElement[bool]:
    return and_(IdempotencyKey.caller_id == acting.actor.id, IdempotencyKey.key == key)


def _fingerprint(acting: Acting, asked: str) -> bytes | None:
    """Keyed, so that nobody who reads the table can try what was asked for."""
    [found] = acting.cipher.index_column([asked], "idempotency_keys.fingerprint")
    return found
