"""How people change records: locked, held against what is there, pinned, and noted field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.db.models.records import Record
from gateway.domain.audit import Change
from gateway.domain.people.fields import FIELDS, KINDS, Kind
from gateway.domain.people.pins import number_in_files, pin
from gateway.errors import Busy, Conflict, Faulty, NotFound, Outdated
from gateway.office import Acting

R = TypeVar("R", bound=Record)
Expected = frozenset[int] | None  # versions of which whoever changes a record saw one; None: whatever there is

HIDDEN = "•••"  # stands in the audit log for a sensitive value that there was
_LOCK_NOT_AVAILABLE, _UNIQUE_VIOLATION = "55P03", "23505"  # PostgreSQL manual, appendix A


class Unfit(Faulty):
    """Values that a record cannot take.

    Args:
        faults: field -> what is wrong with it, as a sentence.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        told = "; ".join(f"{field}: {sentence}" for field, sentence in faults.items())
        super().__init__("unfit", f"The record cannot be so. {told}", faults)


@contextmanager
def by_hand(session: Session) -> Iterator[None]:
    """Write what a person asked for, or say soon that an import has the records; never wait for its end.

    Whoever writes more than one kind takes clients first, then cases, then documents, as imports do.

    Raises:
        Transient: `import_running`.
    """
    session.execute(text("SET LOCAL lock_timeout = '2s'"))
    try:
        yield
        session.flush()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise Busy(
            "import_running", "An import is changing the partner's records at the moment; try again shortly."
        ) from error


@contextmanager
def unique(session: Session, code: str, sentence: str) -> Iterator[None]:
    """Write what may be there already; what decides is the table's constraint, for two may write at once.

    Raises:
        Permanent: of this code.
    """
    try:
        yield
        session.flush()
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        raise Conflict(code, sentence) from error


def check_expected(expected: Expected, version: int) -> None:
    """Refuse to change what is no longer as somebody saw it.

    Raises:
        Outdated: somebody else was faster.
    """
    if expected is not None and version not in expected:
        raise Outdated(version)


def take(session: Session, model: type[R], kind: Kind, record_id: UUID) -> R:
    """A record, locked to the end of the transaction.

    Raises:
        NotFound: the firm has no such record.
        Transient: see `by_hand`.
    """
    locked = select(model).where(model.id == record_id).with_for_update(key_share=True)
    found = session.scalar(locked.execution_options(populate_existing=True))  # as it is now, not as it was looked up
    if found is None:
        raise NotFound(kind, str(record_id))
    return found


def fill(acting: Acting, record: Record, values: Mapping[str, object]) -> Change | None:
    """Give a record new values; those that differ are pinned.

    Args:
        acting: who changes it.
        record: locked, or new.
        values: attribute -> value as stored, sensitive ones in clear.

    Returns:
        The change for the audit log; None where nothing differs.
    """
    kind, was = KINDS[type(record)], number_in_files(record)
    old: dict[str, object] = {}
    new: dict[str, object] = {}
    for name, value in values.items():
        field = FIELDS[kind].get(name)
        is_sealed = field is not None and field.sensitive
        difference = _seal(record, name, value, acting.cipher) if is_sealed else _set(record, name, value)
        if difference:
            old[name], new[name] = difference
    if not new:
        return None
    pin(record, kind, new, acting.actor, was)
    touch(record)
    return Change(kind, record.id, "updated", old, new)


def touch(record: Record) -> None:
    """Count a change, so that whoever saw the record before notices."""
    record.version = (record.version or 0) + 1
    record.updated_at = clock.now()


def created(record: Record, change: Change | None, **more: object) -> Change:
    """The change of a new record: what it was given, `more` than by the change, without the emptiness before."""
    given = more | dict((change and change.new) or {})
    new = {name: value for name, value in given.items() if value is not None}
    return Change(KINDS[type(record)], record.id, "created", new=new)


def last_four(stored: bytes | None, column: str, cipher: FirmCipher) -> str | None:
    """The end by which people recognise a sensitive value: at most four characters, and never more than half of it."""
    if stored is None:
        return None
    value = cipher.decrypt(stored, column)
    shown = min(4, len(value) // 2)
    return value[len(value) - shown :]


def _set(record: Record, name: str, value: object) -> tuple[object, object] | None:
    before = getattr(record, name)
    if before == value:
        return None
    setattr(record, name, value)
    return plain(before), plain(value)


def _seal(record: Record, name: str, value: object, cipher: FirmCipher) -> tuple[object, object] | None:
    """Ciphertexts of equal values differ, their blind indexes do not."""
    clear = [None if value is None else str(value)]
    [index], before = cipher.index_column(clear, name), getattr(record, f"{name}_index")
    if index == before:
        return None
    [sealed] = cipher.encrypt_column(clear, name)
    setattr(record, name, sealed)
    setattr(record, f"{name}_index", index)
    return before and HIDDEN, index and HIDDEN


def plain(value: object) -> object:
    """A value as the audit log holds it in JSON, in the form in which imports write theirs."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value
