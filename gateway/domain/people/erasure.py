"""Erases a person: what the firm knows goes, what it did stays, and a tombstone keeps imports from bringing it back.

Who holds what about a person is each wing's to say (`gateway.erasing`); this asks all of them. What stays: that there
was a person, the numbers, stages and days of cases (the firm's own register), and who did what and when, with the names
of fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.crypto import FirmCipher
from gateway.db.models import Case, Client, Document, Notice
from gateway.db.session import lift_walls, lock_partner
from gateway.domain.audit import Change, record
from gateway.domain.people import changes
from gateway.erasing import Eraser, Person
from gateway.errors import Conflict
from gateway.events import ClientChanged
from gateway.office import Acting

_MARK = "erased:"


class Erased(NamedTuple):
    """What was erased.

    Attributes:
        counts: of what went, by what it is, as the erasers name it.
        named: ids that whoever asked must know, likewise.
    """

    client: Client
    counts: Mapping[str, int]
    named: Mapping[str, Sequence[UUID]]


def tombstone(key: str, cipher: FirmCipher) -> str:
    """What becomes of the key of an erased person: imports can recognise it, nobody can read it."""
    [index] = cipher.index_column([key], "key")
    return f"{_MARK}{index.hex() if index else ''}"


def free_key(session: Session, partner_id: UUID, key: str, cipher: FirmCipher) -> None:
    """Let a person be added by hand who was erased before: the tombstone stays, but no longer stands for the key."""
    found = session.scalar(
        select(Client).where(Client.partner_id == partner_id, Client.key == tombstone(key, cipher)).with_for_update()
    )
    if found is not None:
        found.key = f"{_MARK}{found.id}"
        changes.touch(found)


def erase(acting: Acting, client_id: UUID, reason: str, erasers: Iterable[Eraser]) -> Erased:
    """Erase a person.

    Files are destroyed last, when only the commit is left that could fail, and before it. If it fails, the person is
    still there to be erased again, and the same request finds the files gone. After it, a process that died in between
    would leave files of which the records say that they are gone, and nobody would ever look for them.

    Args:
        acting: whoever asked, in a transaction of the firm.
        client_id: whom.
        reason: why; it stays on record.
        erasers: of all wings, in the order in which they may lock: the domain's first.

    Raises:
        NotFound: the firm has no such client.
        Conflict: `client_erased`, before.
        Busy: `import_running`.
    """
    session = acting.session
    with changes.by_hand(session):
        client = _take(session, client_id)
        lift_walls(session)  # what an admin may erase goes whole, also where it lies beside what they must not see
        person = _person(session, client, acting.cipher)
        shares = [one.erase(acting, person) for one in erasers]
        counts = {name: count for one in shares for name, count in one.counts.items()}
        told = Change("client", client_id, "erased", new={"reason": reason, **counts})
        record(acting, "client.erase", client_id=client_id, changes=[told])
        acting.tell(ClientChanged(partner_id=person.partner_id, records=[client_id], change="erased"))
    for one in shares:
        one.destroy()
    session.refresh(client)
    named = {name: ids for one in shares for name, ids in one.named.items()}
    return Erased(client, counts, named)


def _take(session: Session, client_id: UUID) -> Client:
    """The client, once no import of its partner runs."""
    found = session.scalar(select(Client.partner_id).where(Client.id == client_id))
    if found is not None:
        lock_partner(session, found)
    client = changes.take(session, Client, "client", client_id)
    if client.erased_at is not None:
        raise Conflict("client_erased", "This person was erased before.")
    return client


def _person(session: Session, client: Client, cipher: FirmCipher) -> Person:
    cases = session.scalars(select(Case.id).where(Case.client_id == client.id)).all()
    documents = session.execute(select(Document.id, Document.file_id).where(Document.client_id == client.id)).all()
    told = session.scalars(
        select(Notice.dispatch_id).where(Notice.client_id == client.id, Notice.dispatch_id.is_not(None)).distinct()
    )
    return Person(
        client_id=client.id,
        partner_id=client.partner_id,
        tombstone=tombstone(client.key, cipher),
        cases=tuple(cases),
        documents=tuple(one for one, _ in documents),
        scans=tuple(scan for _, scan in documents if scan is not None),
        dispatches=tuple(one for one in told if one is not None),
    )
